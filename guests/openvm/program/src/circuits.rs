//! OpenVM's circuits, by the instructions that it adds to RISC-V.
//!
//! Which prime and which curve an instruction means is its number in the machine's configuration (`guests/openvm/meter`), and a program's name is of both
//! (docs/adr/0047-openvm-proofs.md).

use core::arch::asm;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use ashlar_guest_curve::{Affine, Circuits, Modulus, Number};

/// A block as the circuit reads it: its bytes where they lie.
struct Block(UnsafeCell<[u32; 16]>);

// SAFETY: the machine runs one thread, and nothing keeps a reference while it calls anything else.
unsafe impl Sync for Block {}

/// Always the same place, because memory that is touched for the first time is dearer to prove.
static BLOCK: Block = Block(UnsafeCell::new([0; 16]));

#[unsafe(no_mangle)]
fn ashlar_sha256_bytes() -> *mut [u32; 16] {
    BLOCK.0.get()
}

#[unsafe(no_mangle)]
fn ashlar_sha256_compress(state: &mut [u32; 8]) {
    let block = BLOCK.0.get();
    // SAFETY: reads 64 bytes of the block and 32 of the state, and then writes the latter.
    unsafe { asm!(".insn r 0x0b, 4, 2, {0}, {0}, {1}", in(reg) state, in(reg) block, options(nostack)) }
}

#[unsafe(no_mangle)]
fn ashlar_keccak_permute(state: &mut [u64; 25]) {
    // SAFETY: reads and writes the state.
    unsafe { asm!(".insn r 0x0b, 4, 0, {0}, x0, x0", in(reg) state, options(nostack)) }
}

/// Once, before anything else: each circuit compares the prime that it computes by with the one that is meant here, and has no proof where they differ. For the
/// doubling it also compares the curve's coefficient, which is the second number.
pub fn set_up() {
    let field = [Modulus::FIELD.value, [0; 4]];
    let order = Modulus::ORDER.value;
    // What comes of it is of no meaning; of the second point only that its x is another one.
    let other = [[1u64, 0, 0, 0], [1, 0, 0, 0]];
    let mut unused = MaybeUninit::<Affine>::uninit();
    // SAFETY: each reads two numbers of each point, or one number, and writes as much.
    unsafe {
        asm!(
            ".insn r 0x2b, 0, 5, {to}, {field}, x0",
            ".insn r 0x2b, 0, 5, {to}, {field}, x1",
            ".insn r 0x2b, 0, 13, {to}, {order}, x0",
            ".insn r 0x2b, 0, 13, {to}, {order}, x1",
            ".insn r 0x2b, 1, 2, {to}, {field}, x0",
            ".insn r 0x2b, 1, 2, {to}, {field}, {other}",
            to = in(reg) unused.as_mut_ptr(),
            field = in(reg) &field,
            order = in(reg) &order,
            other = in(reg) &other,
            options(nostack),
        )
    }
}

/// The circuits for secp256k1.
///
/// An answer of theirs is right modulo the prime and below 2^256; that it is the smallest such number is nowhere proven, so it is reduced here.
pub struct OpenVmCircuits;

/// Both primes begin with 32 set bits; so what does not is below them.
#[inline(always)]
fn settle(number: &mut Number, modulus: &Modulus) {
    if number[3] >> 32 == u64::from(u32::MAX) {
        *number = modulus.reduce(number);
    }
}

impl Circuits for OpenVmCircuits {
    #[inline(always)]
    fn add(p: &mut Affine, q: &Affine) {
        // SAFETY: reads two points, x first, least significant first, as they lie; writes the first.
        unsafe { asm!(".insn r 0x2b, 1, 0, {0}, {0}, {1}", in(reg) &mut *p, in(reg) q, options(nostack)) }
        settle(&mut p.x, &Modulus::FIELD);
        settle(&mut p.y, &Modulus::FIELD);
    }

    #[inline(always)]
    fn double(p: &mut Affine) {
        // SAFETY: as above.
        unsafe { asm!(".insn r 0x2b, 1, 1, {0}, {0}, x0", in(reg) &mut *p, options(nostack)) }
        settle(&mut p.x, &Modulus::FIELD);
        settle(&mut p.y, &Modulus::FIELD);
    }

    #[inline(always)]
    fn multiply_add(a: &Number, b: &Number, c: &Number, modulus: &Modulus) -> Number {
        let mut result = MaybeUninit::<Number>::uninit();
        let to = result.as_mut_ptr();
        let is_zero = c[0] | c[1] | c[2] | c[3] == 0;
        // SAFETY: reads two numbers and writes one, which after that is initialised.
        unsafe {
            match *modulus {
                Modulus::FIELD => {
                    asm!(".insn r 0x2b, 0, 2, {0}, {1}, {2}", in(reg) to, in(reg) a, in(reg) b, options(nostack));
                    if !is_zero {
                        asm!(".insn r 0x2b, 0, 0, {0}, {0}, {1}", in(reg) to, in(reg) c, options(nostack));
                    }
                }
                Modulus::ORDER => {
                    asm!(".insn r 0x2b, 0, 10, {0}, {1}, {2}", in(reg) to, in(reg) a, in(reg) b, options(nostack));
                    if !is_zero {
                        asm!(".insn r 0x2b, 0, 8, {0}, {0}, {1}", in(reg) to, in(reg) c, options(nostack));
                    }
                }
                // The machine has no other prime, and signatures need no other.
                _ => crate::runtime::fail(),
            }
            let mut number = result.assume_init();
            settle(&mut number, modulus);
            number
        }
    }
}
