// A real node for the tests in a browser: `ashlar up` on a folder of its own, stopped and started as often as a test wants.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_MS = 90_000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** A port that nobody listens on; a node that starts again has to have the same one. */
function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

export class Exchange {
  static async start() {
    const exchange = new Exchange();
    exchange.folder = mkdtempSync(join(tmpdir(), 'ashlar-web-'));
    exchange.port = await freePort();
    try {
      await exchange.run();
    } catch (error) {
      // Nobody else could end a node that never became ready.
      await exchange.clear();
      throw error;
    }
    return exchange;
  }

  async run() {
    const options = ['--api', `127.0.0.1:${this.port}`, '--data', this.folder, '--batch-ms', '1500', '--traders', '4', '--rate', '10'];
    this.log = '';
    this.process = spawn(process.env.ASHLAR_BIN, ['up', ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = new Promise((done) => this.process.on('exit', done));
    for (const pipe of [this.process.stdout, this.process.stderr]) pipe.on('data', (text) => { this.log += text; });
    this.url = `http://127.0.0.1:${this.port}`;
    for (const late = Date.now() + START_MS; Date.now() < late; await sleep(300)) {
      const end = this.process.exitCode ?? this.process.signalCode;
      if (end !== null) throw new Error(`the node ended with ${end}:\n${this.log}`);
      const tip = await fetch(`${this.url}/v1/tip`).then((answer) => answer.json(), () => null);
      if (tip && Number(tip.next) > 20) return;
    }
    throw new Error(`the node is not ready after ${START_MS} ms:\n${this.log}`);
  }

  /** Stops it as a person would, with an interrupt. */
  async stop() {
    this.process.kill('SIGINT');
    const late = setTimeout(() => this.process.kill('SIGKILL'), 20_000);
    await this.ended;
    clearTimeout(late);
  }

  async clear() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
