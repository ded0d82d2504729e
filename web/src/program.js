// The guest's program, by the hash under which contracts and proofs know it. It is of this release: a page that took it from the node
// would believe whatever program the node ran. A test compares it with guests/sp1/program.hash.

export const PROGRAM = '0x002cd17bb2594e758d4650c6f2bcc4a99821ce2cd7a368da84499ddfd0c52433';
