// Keccak-256 as Ethereum uses it: addresses and typed data. Browsers have no such hash.

const LANES = 25;
const ROUNDS = 24;
/** Bytes that one permutation takes in. */
const RATE = 136;

const rotate = (lane, by) => BigInt.asUintN(64, (lane << by) | (lane >> (64n - by)));

/** The hash of some bytes. */
export function keccak256(bytes) {
  const padded = new Uint8Array(Math.floor(bytes.length / RATE + 1) * RATE);
  padded.set(bytes);
  padded[bytes.length] = 0x01;
  padded[padded.length - 1] |= 0x80;
  const state = new Array(LANES).fill(0n);
  const view = new DataView(padded.buffer);
  for (let block = 0; block < padded.length; block += RATE) {
    for (let lane = 0; lane < RATE / 8; lane += 1) state[lane] ^= view.getBigUint64(block + 8 * lane, true);
    permute(state);
  }
  const hash = new DataView(new ArrayBuffer(32));
  for (let lane = 0; lane < 4; lane += 1) hash.setBigUint64(8 * lane, state[lane], true);
  return new Uint8Array(hash.buffer);
}

function permute(state) {
  let register = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    diffuse(state);
    shuffle(state);
    // Round constants are bits of a shift register rather than a table of 24 numbers.
    for (let bit = 0; bit < 7; bit += 1) {
      if (register & 1) state[0] ^= 1n << BigInt(2 ** bit - 1);
      register = register & 0x80 ? ((register << 1) & 0xff) ^ 0x71 : register << 1;
    }
  }
}

function diffuse(state) {
  const columns = [0, 1, 2, 3, 4].map((x) => state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]);
  for (let at = 0; at < LANES; at += 1) {
    state[at] ^= columns[(at + 4) % 5] ^ rotate(columns[(at + 1) % 5], 1n);
  }
}

function shuffle(state) {
  let [x, y] = [1, 0];
  let carried = state[1];
  for (let step = 1; step <= 24; step += 1) {
    [x, y] = [y, (2 * x + 3 * y) % 5];
    const next = state[x + 5 * y];
    state[x + 5 * y] = rotate(carried, BigInt(((step * (step + 1)) / 2) % 64));
    carried = next;
  }
  for (let row = 0; row < LANES; row += 5) {
    const lanes = state.slice(row, row + 5);
    for (let at = 0; at < 5; at += 1) {
      state[row + at] = lanes[at] ^ (BigInt.asUintN(64, ~lanes[(at + 1) % 5]) & lanes[(at + 2) % 5]);
    }
  }
}
