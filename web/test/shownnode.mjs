// A node that has one batch and its proof: as much of the API as the page of that batch asks for. What is shown can be changed between two looks.

import { createServer } from 'node:http';

import { EXCHANGE, PROGRAM, batchView, fileOf } from './shown.mjs';

const hash = (byte) => `0x${byte.repeat(32)}`;
const MARKET = { market: 0, name: 'ETH/USDX', base: 0, quote: 1, base_per_lot: '1000000', quote_per_tick: '10' };

export class ShownNode {
  /** What it gives as the file of the proof; null where it has none. */
  file = fileOf();

  static async start() {
    const node = new ShownNode();
    node.batch = await batchView();
    node.server = createServer(async (asked, answer) => {
      const parts = [];
      for await (const part of asked) parts.push(part);
      node.answer(asked.url, Buffer.concat(parts), answer);
    });
    await new Promise((done) => node.server.listen(0, '127.0.0.1', done));
    node.url = `http://127.0.0.1:${node.server.address().port}`;
    return node;
  }

  answer(path, body, answer) {
    if (path === `/v1/batches/${this.batch.number}/proof/file` && this.file) {
      answer.writeHead(200, { 'content-type': 'application/octet-stream' }).end(this.file);
      return;
    }
    const found = path === '/rpc' ? JSON.parse(body).map(({ id, params: [number] }) => ({ jsonrpc: '2.0', id, result: String(number) === this.batch.number ? this.batch : null })) : this.documents()[path];
    answer.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    answer.end(JSON.stringify(found ?? { error: { code: 'not_found', message: `there is no ${path}` } }));
  }

  documents() {
    const { number, next, prove } = this.batch;
    const made = { file: `/v1/batches/${number}/proof/file`, took_ms: 90_000, threshold: 0, signers: [] };
    return {
      '/v1/venue': { exchange: EXCHANGE, chain_id: '9001', settlement: hash('aa').slice(0, 42), sequencer_key: hash('bb'), proofs: 'SP1', mode: 'standard', version: '0.1.0', next, time: this.batch.last_time },
      '/v1/assets': [{ asset: 0, name: 'ETH', decimals: 9 }, { asset: 1, name: 'USDX', decimals: 6 }],
      '/v1/markets': [MARKET],
      '/v1/tip': { next, built: number, committed: number, proven: number, final: number, l1_block: '9' },
      [`/v1/batches/${number}/proof`]: { first: number, last: number, backend: 'sp1', kind: 'a compressed STARK', trust: 'hashes alone', program: PROGRAM, state: 'proven', progress: null, made: this.file && made, refused: null, transaction: prove },
    };
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
