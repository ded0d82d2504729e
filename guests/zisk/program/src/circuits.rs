//! ZisK's circuits, each asked for by writing an address to a register of its own.

use core::arch::asm;
use core::cell::UnsafeCell;

use ashlar_guest_curve::{Affine, Circuits, Modulus, Number};

const KECCAK_PERMUTE: u16 = 0x800;
const MULTIPLY_ADD_MODULO: u16 = 0x802;
const SECP256K1_ADD: u16 = 0x803;
const SECP256K1_DOUBLE: u16 = 0x804;
const SHA256_COMPRESS: u16 = 0x805;

/// A circuit with one operand, which it reads and writes through.
///
/// # Safety
/// The operand is what the circuit takes, and of a place that is aligned to eight bytes.
#[inline(always)]
unsafe fn call<const CIRCUIT: u16, A>(a: *mut A) {
    unsafe { asm!("csrs {port}, {a}", port = const CIRCUIT, a = in(reg) a, options(nostack)) }
}

/// A circuit with two, of which it writes the first. The second instruction only names the other operand; the two are one to the machine.
///
/// # Safety
/// As above.
#[inline(always)]
unsafe fn call_two<const CIRCUIT: u16, A, B>(a: *mut A, b: *const B) {
    unsafe {
        asm!(
            "csrs {port}, {a}",
            "add x0, {b}, x0",
            port = const CIRCUIT,
            a = in(reg) a,
            b = in(reg) b,
            options(nostack),
        )
    }
}

/// The block that is written, a word in 64 bits each, and as the circuit reads it. Always the same place.
#[repr(C)]
struct Block {
    words: [u64; 16],
    bytes: [u64; 8],
}

struct Single(UnsafeCell<Block>);

// SAFETY: the machine runs one thread, and nothing below keeps a reference while it calls anything else.
unsafe impl Sync for Single {}

static BLOCK: Single = Single(UnsafeCell::new(Block { words: [0; 16], bytes: [0; 8] }));

#[unsafe(no_mangle)]
fn ashlar_sha256_block() -> *mut [u64; 16] {
    // The words are the beginning of the block.
    BLOCK.0.get().cast()
}

#[unsafe(no_mangle)]
fn ashlar_sha256_compress(state: &mut [u32; 8]) {
    /// The state, where the circuit may read it.
    #[repr(align(8))]
    struct State([u32; 8]);
    let mut aligned = State(*state);
    // SAFETY: see `Single`. The circuit reads the block and writes the state.
    unsafe {
        let Block { words, bytes } = &mut *BLOCK.0.get();
        for (to, [first, second]) in bytes.iter_mut().zip(words.as_chunks().0) {
            // The circuit takes the bytes of a message, which are big-endian.
            *to = (first << 32 | second).swap_bytes();
        }
        call_two::<SHA256_COMPRESS, _, _>(&raw mut aligned, bytes.as_ptr());
    }
    *state = aligned.0;
}

#[unsafe(no_mangle)]
fn ashlar_keccak_permute(state: &mut [u64; 25]) {
    // SAFETY: the circuit reads and writes the state.
    unsafe { call::<KECCAK_PERMUTE, _>(state) }
}

/// The operands of a multiplication, by their addresses.
#[repr(C)]
struct Multiplication {
    a: *const Number,
    b: *const Number,
    c: *const Number,
    modulus: *const Number,
    result: *mut Number,
}

/// The circuits for secp256k1.
pub struct ZiskCircuits;

impl Circuits for ZiskCircuits {
    #[inline(always)]
    fn add(p: &mut Affine, q: &Affine) {
        // SAFETY: both are eight words, x first, least significant first, as the circuit has them.
        unsafe { call_two::<SECP256K1_ADD, _, _>(p, q) }
    }

    #[inline(always)]
    fn double(p: &mut Affine) {
        // SAFETY: as above.
        unsafe { call::<SECP256K1_DOUBLE, _>(p) }
    }

    #[inline]
    fn multiply_add(a: &Number, b: &Number, c: &Number, modulus: &Modulus) -> Number {
        let mut result = [0; 4];
        let mut operands = Multiplication { a, b, c, modulus: &modulus.value, result: &raw mut result };
        // SAFETY: the circuit reads four numbers and writes the last. It proves that the result is below the modulus.
        unsafe { call::<MULTIPLY_ADD_MODULO, _>(&raw mut operands) }
        result
    }
}
