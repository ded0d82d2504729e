//! What the circuit of big numbers comes to, by plain arithmetic.

use num_bigint::BigUint;

use crate::machine::MachineError;
use crate::memory::Memory;

/// Words of a number.
const WORDS: u32 = 8;

/// The programs that the guest has, by the lengths of their two parts (the second is what is proven, a step a word).
const ADD: (u32, u32) = (252, 139);
const DOUBLE: (u32, u32) = (286, 126);
const MULTIPLY: (u32, u32) = (46, 32);

fn read(memory: &Memory, at: u32) -> BigUint {
    BigUint::new((0..WORDS).map(|word| memory.load(at + 4 * word)).collect())
}

fn write(memory: &mut Memory, at: u32, number: &BigUint) {
    let digits = number.to_u32_digits();
    for word in 0..WORDS {
        memory.store(at + 4 * word, digits.get(word as usize).copied().unwrap_or(0));
    }
}

/// A point, x before y.
fn point(memory: &Memory, at: u32) -> [BigUint; 2] {
    [read(memory, at), read(memory, at + 4 * WORDS)]
}

/// Runs the program at an address over its operands, and gives its steps.
pub fn run(memory: &mut Memory, program: u32, operands: [u32; 4]) -> Result<u64, MachineError> {
    let kind = (memory.load(program), memory.load(program + 4));
    let [a, b, c, d] = operands;
    match kind {
        MULTIPLY => {
            let product = read(memory, a) * read(memory, b) % read(memory, c);
            write(memory, d, &product);
        }
        ADD => {
            let ([x1, y1], [x2, y2], prime) = (point(memory, a), point(memory, b), read(memory, c));
            if x1 == x2 {
                return Err(MachineError::Unprovable("an addition of points with one x"));
            }
            let slope = minus(&y2, &y1, &prime) * inverse(&minus(&x2, &x1, &prime), &prime) % &prime;
            third(memory, d, &slope, [&x1, &y1], &x2, &prime);
        }
        DOUBLE => {
            let ([x, y], prime) = (point(memory, a), read(memory, b));
            let coefficient = read(memory, b + 4 * WORDS);
            let slope = (3_u32 * &x * &x + coefficient) * inverse(&(2_u32 * &y), &prime) % &prime;
            third(memory, c, &slope, [&x, &y], &x, &prime);
        }
        _ => return Err(MachineError::Unprovable("a program of big numbers that is not known here")),
    }
    Ok(kind.1.into())
}

/// Writes the third point of a line through two, on the other side of the axis.
fn third(memory: &mut Memory, at: u32, slope: &BigUint, [x1, y1]: [&BigUint; 2], x2: &BigUint, prime: &BigUint) {
    let x = minus(&minus(&(slope * slope), x1, prime), x2, prime);
    let y = minus(&(slope * minus(x1, &x, prime)), y1, prime);
    write(memory, at, &x);
    write(memory, at + 4 * WORDS, &y);
}

fn minus(a: &BigUint, b: &BigUint, prime: &BigUint) -> BigUint {
    (a % prime + prime - b % prime) % prime
}

/// By Fermat.
fn inverse(a: &BigUint, prime: &BigUint) -> BigUint {
    a.modpow(&(prime - 2_u32), prime)
}
