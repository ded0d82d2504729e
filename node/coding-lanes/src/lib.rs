//! What the engine of `core/coding` does to many rows at once, in vectors of 64 bytes that have a row in each of their lanes.
//!
//! 1. [`Code`] takes polynomials from some points to others, by the instruction that multiplies bytes by matrices of bits.
//! 2. [`Sums`] adds up products of symbols and coefficients, by the same.
//! 3. [`Sha`] is the compression of SHA-256 over sixteen messages beside each other.
//! 4. Each is had only where the processor was asked and has every instruction that is used. Where it has not, there is nothing, and whoever
//!    asked does it another way; nothing here decides what is computed.
//! 5. All know numbers only: no layout, no domain. What a product is, and from which state a hash goes on, is said by the caller.
//!
//! The crate exists because these instructions have no safe form: the core names what is computed and forbids `unsafe`. What is unsafe here
//! is the call of a function that is compiled for more than every processor has, which the value that it is called through proves to be fine
//! (4), and loading and storing whole vectors, from and to arrays that have their size.

#[cfg(target_arch = "x86_64")]
mod code;
#[cfg(target_arch = "x86_64")]
mod matrices;
#[cfg(target_arch = "x86_64")]
mod sha;
#[cfg(target_arch = "x86_64")]
mod sums;
#[cfg(target_arch = "x86_64")]
mod vector;

#[cfg(not(target_arch = "x86_64"))]
mod absent;

#[cfg(not(target_arch = "x86_64"))]
pub use absent::{Code, Sha, Sums};
#[cfg(target_arch = "x86_64")]
pub use code::Code;
#[cfg(target_arch = "x86_64")]
pub use sha::Sha;
#[cfg(target_arch = "x86_64")]
pub use sums::Sums;

/// What the product of two numbers of 16 bits is, bit by bit: at `[i][j]` of bit `i` of a coefficient and bit `j` of a symbol. The product of any two is
/// the exclusive or over the bits that they have.
pub type Product = [[u16; 16]; 16];

/// The states of sixteen hashes: at `[w][m]` word `w` of message `m`.
pub type States = [[u32; MESSAGES]; 8];

/// Messages that are hashed at once.
pub const MESSAGES: usize = 16;

/// Bytes of a block: of a row, 32 low bytes of symbols and then their 32 high bytes; of a message, what one compression takes.
pub const BLOCK_BYTES: usize = 64;

#[cfg(test)]
mod tests;
