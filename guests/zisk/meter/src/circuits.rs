//! What ZisK's circuits come to, by plain arithmetic.

use num_bigint::BigUint;
use sha2::block_api::compress256;

use crate::machine::{Count, MachineError};
use crate::memory::Memory;

/// The prime of secp256k1's coordinates.
fn prime() -> BigUint {
    (BigUint::from(1_u32) << 256_u32) - ((BigUint::from(1_u32) << 32_u32) + 977_u32)
}

fn number(words: &[u64]) -> BigUint {
    BigUint::from_bytes_le(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>())
}

fn write(memory: &mut Memory, at: u64, number: &BigUint) {
    let mut bytes = number.to_bytes_le();
    bytes.resize(32, 0);
    for (address, byte) in (at..).zip(bytes) {
        memory.store(address, 1, byte.into());
    }
}

/// Whether a circuit takes its second operand from the instruction behind it.
pub const fn has_two(circuit: u32) -> bool {
    matches!(circuit, 0x803 | 0x805)
}

/// Runs the circuit of this register over its operands.
pub fn run(circuit: u32, memory: &mut Memory, a: u64, b: u64, count: &mut Count) -> Result<(), MachineError> {
    match circuit {
        0x800 => {
            count.keccaks += 1;
            let mut state = memory.words::<25>(a);
            keccak::Keccak::new().with_f1600(|permute| permute(&mut state));
            memory.write_words(a, &state);
        }
        0x802 => {
            count.multiplies += 1;
            let [x, y, z, modulus, result] = memory.words::<5>(a);
            let [x, y, z, modulus] = [x, y, z, modulus].map(|at| number(&memory.words::<4>(at)));
            write(memory, result, &((x * y + z) % modulus));
        }
        0x803 | 0x804 => {
            let is_double = circuit == 0x804;
            let counter = if is_double { &mut count.point_doubles } else { &mut count.point_adds };
            *counter += 1;
            add(memory, a, if is_double { a } else { b }, is_double)?;
        }
        0x805 => {
            count.sha256_blocks += 1;
            let halves = memory.words::<4>(a);
            let mut state: [u32; 8] = std::array::from_fn(|at| (halves[at / 2] >> (32 * (at % 2))) as u32);
            let block: [u8; 64] = std::array::from_fn(|at| memory.load(b + at as u64, 1) as u8);
            compress256(&mut state, &[block]);
            for (at, word) in (a..).step_by(4).zip(state) {
                memory.store(at, 4, word.into());
            }
        }
        _ => return Err(MachineError::Unknown("a circuit that is not known here")),
    }
    Ok(())
}

/// The sum of two points, in the place of the first.
fn add(memory: &mut Memory, p: u64, q: u64, is_double: bool) -> Result<(), MachineError> {
    let prime = prime();
    let point = |at: u64| [at, at + 32].map(|at| number(&memory.words::<4>(at)));
    let ([x1, y1], [x2, y2]) = (point(p), point(q));
    if !is_double && x1 == x2 {
        return Err(MachineError::Unknown("an addition of points with one x"));
    }
    let minus = |a: &BigUint, b: &BigUint| (a % &prime + &prime - b % &prime) % &prime;
    let inverse = |a: &BigUint| a.modpow(&(&prime - 2_u32), &prime);
    let slope = match is_double {
        true => 3_u32 * &x1 * &x1 * inverse(&(2_u32 * &y1)) % &prime,
        false => minus(&y2, &y1) * inverse(&minus(&x2, &x1)) % &prime,
    };
    let x = minus(&minus(&(&slope * &slope), &x1), &x2);
    let y = minus(&(&slope * minus(&x1, &x)), &y1);
    write(memory, p, &x);
    write(memory, p + 32, &y);
    Ok(())
}
