// What this release knows by its hash, and does not take from the node: a page that did would believe whatever the node ran.

/** The guest's program, as contracts and proofs know it. A test compares it with guests/sp1/program.hash. */
export const PROGRAM = '0x0062226bc371105ee718bd389ae7ce27b708065759a0da3d506f9cba60cbbc30';

/** SHA-256 of /light.wasm. Written by light/page/build; a test compares it with the file and with light/page/wasm.hash. */
export const VERIFIER = '0x5928d51421818cb23d470701da8e0a7a10f07288d2b5fd016910b240c30f1296';
