// The node's REST API (docs/api.md).

import { concat } from './crypto/bytes.js';

/** An answer that is no success. `code` decides what a program does; `message` is for people. */
export class ApiError extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.reason = error.reason;
    this.retryMs = error.retry_ms;
  }
}

/** Longest wait for an answer. */
const PATIENCE_MS = 20_000;

async function answer(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, signal: AbortSignal.timeout(options.patienceMs ?? PATIENCE_MS) });
  } catch (cause) {
    const slow = cause.name === 'TimeoutError';
    throw new ApiError(0, { code: 'unreachable', message: slow ? 'The node does not answer in time.' : 'The node cannot be reached.' });
  }
  if (response.ok) return response;
  const text = await response.text();
  let error = { code: `http_${response.status}`, message: `The node answered ${response.status}.` };
  try {
    error = JSON.parse(text).error ?? error;
  } catch {
    // Whatever stands between here and the node may answer in words of its own; the status says enough.
  }
  throw new ApiError(response.status, error);
}

const ask = async (path, options) => (await answer(path, options)).text();

/** Reads a JSON document. */
export async function get(path) {
  return JSON.parse(await ask(path));
}

/** Reads a text. */
export function text(path) {
  return ask(path);
}

/** Reads bytes, and no more than `max` of them. */
export async function bytes(path, max) {
  const reader = (await answer(path)).body.getReader();
  const parts = [];
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return concat(...parts);
    length += value.length;
    if (length > max) {
      await reader.cancel();
      throw new RangeError(`${path} has more than ${max} bytes`);
    }
    parts.push(value);
  }
}

/** Posts a JSON document and reads the answer. */
export async function post(path, body, patienceMs) {
  const headers = { 'content-type': 'application/json' };
  return JSON.parse(await ask(path, { method: 'POST', headers, body: body === undefined ? undefined : JSON.stringify(body), patienceMs }));
}

/** Many questions of one kind by JSON-RPC, in one request; what the node does not hold is null. */
export async function many(method, params) {
  if (params.length === 0) return [];
  const calls = params.map((param, id) => ({ jsonrpc: '2.0', id, method, params: [param] }));
  const answers = new Map((await post('/rpc', calls)).map((answer) => [answer.id, answer.result ?? null]));
  return params.map((_, id) => answers.get(id) ?? null);
}

/** How the node does. The plain `/health` says it by its status too, which a browser would report as a fault of the page. */
export async function health() {
  const { result, error } = await post('/rpc', { jsonrpc: '2.0', id: 0, method: 'ashlar_health', params: [] });
  if (result === undefined) throw new ApiError(200, { code: 'rpc', message: error?.message ?? 'The node said nothing.' });
  return result;
}
