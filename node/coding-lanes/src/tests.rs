//! Each kernel against what it is by definition, one number at a time.

use sha2::block_api::compress256;

use crate::{BLOCK_BYTES, Code, MESSAGES, Product, Sha, States, Sums};

/// Noise that is the same at each run.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}

/// The product by its definition: the exclusive or over the bits that both have.
fn times(product: &Product, coefficient: u16, symbol: u16) -> u16 {
    let bits = (0..16).flat_map(|i| (0..16).map(move |j| (i, j)));
    let both = bits.filter(|(i, j)| coefficient >> i & 1 == 1 && symbol >> j & 1 == 1);
    both.fold(0, |sum, (i, j)| sum ^ product[i][j])
}

/// The sum of one row by its definition.
fn sum(product: &Product, coefficients: &[u128], row: &[u8]) -> u128 {
    let mut sum = 0;
    for (block, coefficients) in row.chunks_exact(BLOCK_BYTES).zip(coefficients.chunks_exact(BLOCK_BYTES / 2)) {
        for (place, coefficient) in coefficients.iter().enumerate() {
            let symbol = u16::from_le_bytes([block[place], block[BLOCK_BYTES / 2 + place]]);
            for element in 0..8 {
                let one = times(product, (coefficient >> (16 * element)) as u16, symbol);
                sum ^= u128::from(one) << (16 * element);
            }
        }
    }
    sum
}

#[test]
fn sums_are_sums_of_products() {
    let Some(sums) = Sums::detect() else {
        println!("skipped: coding-lanes-sums: this processor has no AVX-512 with GFNI");
        return;
    };
    let mut next = noise(1);
    for (rows, blocks) in [(1, 1), (3, 2), (7, 4), (8, 3), (9, 4), (16, 5), (31, 8), (33, 4), (64, 2)] {
        // Any bilinear map, of which a field's is one.
        let product: Product = core::array::from_fn(|_| core::array::from_fn(|_| next() as u16));
        let row_bytes = BLOCK_BYTES * blocks;
        let coefficients: Vec<u128> = (0..row_bytes / 2)
            .map(|_| u128::from(next()) << 90 ^ u128::from(next()) << 45 ^ u128::from(next()))
            .collect();
        let bytes: Vec<u8> = (0..rows * row_bytes).map(|_| next() as u8).collect();
        let expected: Vec<u128> = bytes.chunks(row_bytes).map(|row| sum(&product, &coefficients, row)).collect();
        assert_eq!(sums.rows(&product, &coefficients, row_bytes, &bytes), expected, "{rows} rows of {blocks} blocks");
        // What is no whole row is left out, and symbols without a coefficient count for nothing.
        let fewer = &coefficients[..coefficients.len() - 1];
        let whole = fewer.len() / (BLOCK_BYTES / 2) * (BLOCK_BYTES / 2);
        let expected: Vec<u128> = bytes.chunks(row_bytes).map(|row| sum(&product, &fewer[..whole], row)).collect();
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(sums.rows(&product, fewer, row_bytes, cut), expected[..rows - 1]);
    }
    let product = [[1; 16]; 16];
    assert_eq!(sums.rows(&product, &[], 0, &[1; 64]), []);
    assert_eq!(sums.rows(&product, &[u128::MAX; 32], 64, &[]), []);
    assert_eq!(
        sums.rows(&product, &[u128::MAX; 32], 128, &[0; 256]),
        [0, 0],
        "rows longer than there are coefficients"
    );
    assert_eq!(
        sums.rows(&product, &[u128::MAX; 64], 64, &[0xff; 64]).len(),
        1,
        "more coefficients than a row has symbols"
    );
}

/// A field of 2^16 elements in a Cantor basis, by polynomials.
struct Field {
    coordinates: Vec<u16>,
}

impl Field {
    const BASIS: [u16; 16] = [
        0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8, 0xfb34,
        0xff38, 0x991e,
    ];

    fn new() -> Field {
        let mut coordinates = vec![0; 1 << 16];
        (0..=u16::MAX).for_each(|element| coordinates[usize::from(Field::polynomial(element))] = element);
        Field { coordinates }
    }

    fn polynomial(element: u16) -> u16 {
        (0..16).filter(|bit| element >> bit & 1 == 1).fold(0, |sum, bit| sum ^ Field::BASIS[bit])
    }

    fn times(&self, left: u16, right: u16) -> u16 {
        let (left, right) = (Field::polynomial(left), Field::polynomial(right));
        let product = (0..16).rev().fold(0u32, |sum, bit| {
            let doubled = sum << 1;
            let reduced = if doubled >> 16 == 1 { doubled ^ 0x1002d } else { doubled };
            if right >> bit & 1 == 1 { reduced ^ u32::from(left) } else { reduced }
        });
        self.coordinates[product as usize]
    }

    fn inverse(&self, element: u16) -> u16 {
        let (mut result, mut power) = (1, element);
        for _ in 1..16 {
            power = self.times(power, power);
            result = self.times(result, power);
        }
        result
    }

    fn product(&self) -> Product {
        core::array::from_fn(|i| core::array::from_fn(|j| self.times(1 << i, 1 << j)))
    }
}

/// The symbol at a place of a block and a row.
fn symbol(rows: &[u8], row_bytes: usize, row: usize, symbol: usize) -> u16 {
    let block = &rows[row * row_bytes + symbol / 32 * BLOCK_BYTES..];
    u16::from_le_bytes([block[symbol % 32], block[32 + symbol % 32]])
}

#[test]
fn coded_symbols_are_values_of_the_polynomial() {
    let Some(code) = Code::detect() else {
        println!("skipped: coding-lanes-code: this processor has no AVX-512 with GFNI");
        return;
    };
    let field = Field::new();
    let product = field.product();
    let mut next = noise(3);
    for (rows, blocks, coded_rows) in
        [(1, 1, 3), (2, 2, 2), (3, 1, 9), (4, 3, 4), (5, 1, 5), (8, 2, 24), (9, 1, 9), (16, 1, 16), (33, 1, 40)]
    {
        let row_bytes = BLOCK_BYTES * blocks;
        let data: Vec<u8> = (0..rows * row_bytes).map(|_| next() as u8).collect();
        let mut coded: Vec<u8> = (0..coded_rows * row_bytes).map(|_| next() as u8).collect();
        assert!(code.extend(&product, row_bytes, &data, &mut coded));
        let height = rows.next_power_of_two().ilog2();
        for coded_row in 0..coded_rows {
            let point = (coded_row + (1 << height)) as u16;
            let factors: Vec<u16> =
                (0..rows as u16).map(|place| field.times(point >> height, field.inverse(point ^ place))).collect();
            for at in 0..row_bytes / 2 {
                let terms = (0..rows).map(|row| field.times(factors[row], symbol(&data, row_bytes, row, at)));
                let expected = terms.fold(0, |sum, term| sum ^ term);
                assert_eq!(symbol(&coded, row_bytes, coded_row, at), expected, "{rows} rows, coded row {coded_row}");
            }
        }
    }
    // Nothing is written for what is no code.
    for (row_bytes, data_bytes, coded_bytes) in
        [(0, 0, 0), (64, 0, 64), (63, 63, 63), (64, 65, 64), (64, 64, 65), (64, 64, 64 << 16)]
    {
        let mut coded = vec![7; coded_bytes];
        assert!(!code.extend(&product, row_bytes, &vec![1; data_bytes], &mut coded));
        assert!(coded.iter().all(|byte| *byte == 7));
    }
}

#[test]
fn sixteen_hashes_are_each_as_if_alone() {
    let Some(sha) = Sha::detect() else {
        println!("skipped: coding-lanes-sha: this processor has no AVX-512");
        return;
    };
    let mut next = noise(2);
    for blocks in [0, 1, 2, 3, 17] {
        let messages: Vec<Vec<[u8; BLOCK_BYTES]>> =
            (0..MESSAGES).map(|_| (0..blocks).map(|_| core::array::from_fn(|_| next() as u8)).collect()).collect();
        let mut states: States = core::array::from_fn(|_| core::array::from_fn(|_| next() as u32));
        let mut expected = states;
        for (place, message) in messages.iter().enumerate() {
            let mut state = expected.map(|words| words[place]);
            compress256(&mut state, message);
            expected.iter_mut().zip(state).for_each(|(words, word)| words[place] = word);
        }
        sha.compress(&mut states, core::array::from_fn(|place| &messages[place][..]));
        assert_eq!(states, expected, "{blocks} blocks");
    }
}

/// The hash of three letters, as the standard gives it.
#[test]
fn the_standards_example_is_met() {
    let Some(sha) = Sha::detect() else {
        println!("skipped: coding-lanes-sha: this processor has no AVX-512");
        return;
    };
    let mut block = [0; BLOCK_BYTES];
    block[..4].copy_from_slice(b"abc\x80");
    block[BLOCK_BYTES - 1] = 24;
    let initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19u32];
    let mut states = initial.map(|word| [word; MESSAGES]);
    sha.compress(&mut states, [&[block]; MESSAGES]);
    let hash = [0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015adu32];
    assert_eq!(states, hash.map(|word| [word; MESSAGES]));
}
