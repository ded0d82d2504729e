// What this release knows by its hash, and does not take from the node: a page that did would believe whatever the node ran.

/** The guest's program, as contracts and proofs know it. A test compares it with guests/sp1/program.hash. */
export const PROGRAM = '0x0062226bc371105ee718bd389ae7ce27b708065759a0da3d506f9cba60cbbc30';

/** SHA-256 of /light.wasm. Written by light/page/build; a test compares it with the file and with light/page/wasm.hash. */
export const VERIFIER = '0x1e39141b94204f9fd76f8e95a7868a903eb67834caf4cf5e112d48d12ba4dc16';
