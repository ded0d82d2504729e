//! How the module is linked.

/// A proof and its check take some tens of megabytes. Bytes that ask for more get a trap, and not the memory of whoever looks.
const MEMORY_BYTES_MAX: u32 = 1 << 28;

fn main() {
    println!("cargo::rustc-link-arg-cdylib=--max-memory={MEMORY_BYTES_MAX}");
}
