//! `light/sp1` as a page runs it. The page asks for room, writes what is to be checked there, and gets a number; what is more to say is a text.
//!
//! 1. Whatever the bytes are, the answer is one of [`Verdict`]. More of them than a proof and its values can have are refused before they are held.
//! 2. It imports nothing: neither a clock, nor random numbers, nor the network.
//! 3. Nothing here is `unsafe` but the names that are exported, which no other code has.

use std::cell::RefCell;

use ashlar_light_sp1::{PROOF_BYTES_MAX, Program, Sp1Error, Verifier};

/// The most bytes of public values that are looked at. They have 160.
pub const VALUES_BYTES_MAX: usize = 1 << 12;
/// Bytes of a program's hash.
const PROGRAM: usize = 32;
/// The most bytes of all that is checked at once: program, public values, proof. One above what a proof may have, so that it is the verifier who says that it is too long.
pub const INPUT_BYTES_MAX: usize = PROGRAM + VALUES_BYTES_MAX + PROOF_BYTES_MAX + 1;

/// What came of it. The numbers are known to `web/src/stark.js`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Verdict {
    /// The program came to these public values.
    Proven = 0,
    /// What was given does not have the parts that it should have.
    Input = 1,
    /// The hash is of no program.
    NoProgram = 2,
    /// The bytes are no proof.
    Malformed = 3,
    /// It is of another program.
    WrongProgram = 4,
    /// It says something else.
    WrongPublicValues = 5,
    /// It proves nothing.
    Rejected = 6,
}

/// The verdict on a program's hash, `values` bytes of public values and a proof, which follow one another; and why, where there is more to say.
pub fn check(input: &[u8], values: usize) -> (Verdict, String) {
    let parts = input.split_first_chunk::<PROGRAM>().filter(|_| values <= VALUES_BYTES_MAX);
    let Some((program, (values, proof))) =
        parts.and_then(|(program, rest)| Some((program, rest.split_at_checked(values)?)))
    else {
        return (Verdict::Input, "it is no program, public values and proof".to_owned());
    };
    let checked = Program::new(*program).and_then(|program| Verifier::new().check(&program, values, proof));
    match checked {
        Ok(()) => (Verdict::Proven, String::new()),
        Err(error) => (verdict_of(&error), error.to_string()),
    }
}

const fn verdict_of(error: &Sp1Error) -> Verdict {
    match error {
        Sp1Error::NoProgram { .. } => Verdict::NoProgram,
        Sp1Error::Malformed { .. } => Verdict::Malformed,
        Sp1Error::WrongProgram { .. } => Verdict::WrongProgram,
        Sp1Error::WrongPublicValues { .. } => Verdict::WrongPublicValues,
        Sp1Error::Rejected { .. } => Verdict::Rejected,
    }
}

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static REASON: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Where so many bytes are to be written; 0 if they are more than are looked at.
#[unsafe(no_mangle)]
pub extern "C" fn room(bytes: u32) -> *mut u8 {
    let bytes = bytes as usize;
    if bytes > INPUT_BYTES_MAX {
        return std::ptr::null_mut();
    }
    INPUT.with_borrow_mut(|input| {
        input.clear();
        input.resize(bytes, 0);
        input.as_mut_ptr()
    })
}

/// Checks what was written: a program's hash, so many bytes of public values, and the proof.
#[unsafe(no_mangle)]
pub extern "C" fn check_written(values: u32) -> u32 {
    let (verdict, reason) = INPUT.with_borrow(|input| check(input, values as usize));
    REASON.set(reason);
    verdict as u32
}

/// Where the reason of the last answer is.
#[unsafe(no_mangle)]
pub extern "C" fn reason() -> *const u8 {
    REASON.with_borrow(|reason| reason.as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn reason_bytes() -> u32 {
    REASON.with_borrow(|reason| u32::try_from(reason.len()).unwrap_or(u32::MAX))
}

/// There are no random numbers in a page's module, and checking needs none.
#[cfg(target_arch = "wasm32")]
fn none(_: &mut [u8]) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}

#[cfg(target_arch = "wasm32")]
getrandom::register_custom_getrandom!(none);
