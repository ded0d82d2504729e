// Serves this folder as it is on the disk and passes everything else on to a running node, so that a change is seen by reloading:
//     node web/test/serve.mjs http://127.0.0.1:8080

import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml', '.wasm': 'application/wasm' };
const root = fileURLToPath(new URL('..', import.meta.url));
const node = new URL(process.argv[2] ?? 'http://127.0.0.1:8080');

const server = createServer(async (asked, answer) => {
  const { pathname } = new URL(asked.url, node);
  const path = pathname === '/' ? '/index.html' : normalize(pathname);
  const bytes = TYPES[extname(path)] && !path.startsWith('/test/') ? await readFile(join(root, path)).catch(() => null) : null;
  if (bytes) {
    answer.writeHead(200, { 'content-type': TYPES[extname(path)], 'content-security-policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:" });
    answer.end(bytes);
    return;
  }
  const passed = request({ host: node.hostname, port: node.port, path: asked.url, method: asked.method, headers: asked.headers }, (got) => {
    answer.writeHead(got.statusCode, got.headers);
    got.pipe(answer);
  });
  passed.on('error', () => answer.writeHead(502).end());
  asked.pipe(passed);
});

server.on('upgrade', (asked, socket) => {
  const there = connect(node.port, node.hostname, () => {
    const headers = Object.entries(asked.headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    there.write(`GET ${asked.url} HTTP/1.1\r\n${headers}\r\n`);
    socket.pipe(there).pipe(socket);
  });
  for (const end of [socket, there]) end.on('error', () => [socket, there].forEach((one) => one.destroy()));
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
