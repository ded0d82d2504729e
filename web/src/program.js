// The guest's program, by the hash under which contracts and proofs know it. It is of this release: a page that took it from the node
// would believe whatever program the node ran. A test compares it with guests/sp1/program.hash.

export const PROGRAM = '0x0007753c03999cb74a276ecf975d85aee2e84e5ea2f21677abbfc4f4aa3ffe6f';
