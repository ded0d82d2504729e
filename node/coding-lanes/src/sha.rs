//! The compression of SHA-256 (FIPS 180-4) over sixteen messages, a word of each in every vector.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_ror_epi32, _mm512_set1_epi32, _mm512_set4_epi32, _mm512_shuffle_epi8,
    _mm512_shuffle_i32x4, _mm512_srli_epi32, _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use crate::vector::{bytes, halves, write_halves};
use crate::{BLOCK_BYTES, MESSAGES, States};

/// Exclusive or of three.
const XOR: i32 = 0x96;
/// The second where the first has a one, else the third.
const CHOICE: i32 = 0xca;
/// What two of three say.
const MAJORITY: i32 = 0xe8;

/// The constants of the rounds.
const ROUND: [[u32; 16]; 4] = [
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
        0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    ],
    [
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152,
        0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    ],
    [
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1,
        0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    ],
    [
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee,
        0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ],
];

/// A processor with vectors of sixteen words.
#[derive(Clone, Copy, Debug)]
pub struct Sha(());

impl Sha {
    /// If this is one.
    pub fn detect() -> Option<Sha> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")).then_some(Sha(()))
    }

    /// Each state after the blocks of its message, as many as the shortest has.
    #[inline]
    pub fn compress(self, states: &mut States, messages: [&[[u8; BLOCK_BYTES]]; MESSAGES]) {
        // SAFETY: a value of this type is only made by `detect`, after the processor said that it has both features.
        unsafe { compress(states, messages) }
    }
}

/// One round: what the next `a` and `e` are stands where `h` and `d` did, so that the names move and not the words.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $word:expr, $constant:expr) => {
        let given = _mm512_add_epi32($h, _mm512_add_epi32($word, _mm512_set1_epi32($constant.cast_signed())));
        let choice = _mm512_ternarylogic_epi32::<CHOICE>($e, $f, $g);
        let turned = xor(_mm512_ror_epi32::<6>($e), _mm512_ror_epi32::<11>($e), _mm512_ror_epi32::<25>($e));
        let first = _mm512_add_epi32(_mm512_add_epi32(given, choice), turned);
        let majority = _mm512_ternarylogic_epi32::<MAJORITY>($a, $b, $c);
        let turned = xor(_mm512_ror_epi32::<2>($a), _mm512_ror_epi32::<13>($a), _mm512_ror_epi32::<22>($a));
        $d = _mm512_add_epi32($d, first);
        $h = _mm512_add_epi32(first, _mm512_add_epi32(majority, turned));
    };
}

/// Eight rounds, after which every name is back at its word.
macro_rules! rounds {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $words:ident, $constants:ident, $from:literal) => {
        round!($a $b $c $d $e $f $g $h, $words[$from], $constants[$from]);
        round!($h $a $b $c $d $e $f $g, $words[$from + 1], $constants[$from + 1]);
        round!($g $h $a $b $c $d $e $f, $words[$from + 2], $constants[$from + 2]);
        round!($f $g $h $a $b $c $d $e, $words[$from + 3], $constants[$from + 3]);
        round!($e $f $g $h $a $b $c $d, $words[$from + 4], $constants[$from + 4]);
        round!($d $e $f $g $h $a $b $c, $words[$from + 5], $constants[$from + 5]);
        round!($c $d $e $f $g $h $a $b, $words[$from + 6], $constants[$from + 6]);
        round!($b $c $d $e $f $g $h $a, $words[$from + 7], $constants[$from + 7]);
    };
}

/// The next sixteen words in place of the last sixteen.
macro_rules! schedule {
    ($words:ident: $($place:literal)+) => {
        $({
            let (behind, ahead) = ($words[($place + 1) % 16], $words[($place + 14) % 16]);
            let small = xor(_mm512_ror_epi32::<7>(behind), _mm512_ror_epi32::<18>(behind), _mm512_srli_epi32::<3>(behind));
            let large = xor(_mm512_ror_epi32::<17>(ahead), _mm512_ror_epi32::<19>(ahead), _mm512_srli_epi32::<10>(ahead));
            let sum = _mm512_add_epi32($words[$place], $words[($place + 9) % 16]);
            $words[$place] = _mm512_add_epi32(_mm512_add_epi32(sum, small), large);
        })+
    };
}

#[target_feature(enable = "avx512f,avx512bw")]
fn compress(states: &mut States, messages: [&[[u8; BLOCK_BYTES]]; MESSAGES]) {
    let blocks = messages.iter().map(|message| message.len()).min().unwrap_or(0);
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = [
        halves(&states[0]),
        halves(&states[1]),
        halves(&states[2]),
        halves(&states[3]),
        halves(&states[4]),
        halves(&states[5]),
        halves(&states[6]),
        halves(&states[7]),
    ];
    for block in 0..blocks {
        let before = [a, b, c, d, e, f, g, h];
        let mut words = across(messages, block);
        for (group, constants) in ROUND.iter().enumerate() {
            if group > 0 {
                schedule!(words: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            }
            rounds!(a b c d e f g h, words, constants, 0);
            rounds!(a b c d e f g h, words, constants, 8);
        }
        [a, b, c, d, e, f, g, h] = [
            _mm512_add_epi32(a, before[0]),
            _mm512_add_epi32(b, before[1]),
            _mm512_add_epi32(c, before[2]),
            _mm512_add_epi32(d, before[3]),
            _mm512_add_epi32(e, before[4]),
            _mm512_add_epi32(f, before[5]),
            _mm512_add_epi32(g, before[6]),
            _mm512_add_epi32(h, before[7]),
        ];
    }
    for (state, vector) in states.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        write_halves(state, vector);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi32::<XOR>(a, b, c)
}

/// The sixteen words of a block of each message, each word of all messages in one vector.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn across(messages: [&[[u8; BLOCK_BYTES]]; MESSAGES], block: usize) -> [__m512i; 16] {
    // Words are written with their highest byte first.
    let order = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
    let mut rows = [order; MESSAGES];
    for (row, message) in rows.iter_mut().zip(messages) {
        *row = _mm512_shuffle_epi8(bytes(&message[block]), order);
    }
    // Four messages at a time: at `[g][j]` word `j` of each four words of a message, of the four messages of group `g`.
    let mut fours = [[order; 4]; 4];
    for (four, [a, b, c, d]) in fours.iter_mut().zip(rows.as_chunks::<4>().0) {
        let (low, low_below) = (_mm512_unpacklo_epi32(*a, *b), _mm512_unpacklo_epi32(*c, *d));
        let (high, high_below) = (_mm512_unpackhi_epi32(*a, *b), _mm512_unpackhi_epi32(*c, *d));
        *four = [
            _mm512_unpacklo_epi64(low, low_below),
            _mm512_unpackhi_epi64(low, low_below),
            _mm512_unpacklo_epi64(high, high_below),
            _mm512_unpackhi_epi64(high, high_below),
        ];
    }
    let mut words = [order; 16];
    for word in 0..4 {
        let [a, b, c, d] = [fours[0][word], fours[1][word], fours[2][word], fours[3][word]];
        let (front, front_below) = (_mm512_shuffle_i32x4::<0x44>(a, b), _mm512_shuffle_i32x4::<0x44>(c, d));
        let (back, back_below) = (_mm512_shuffle_i32x4::<0xee>(a, b), _mm512_shuffle_i32x4::<0xee>(c, d));
        words[word] = _mm512_shuffle_i32x4::<0x88>(front, front_below);
        words[4 + word] = _mm512_shuffle_i32x4::<0xdd>(front, front_below);
        words[8 + word] = _mm512_shuffle_i32x4::<0x88>(back, back_below);
        words[12 + word] = _mm512_shuffle_i32x4::<0xdd>(back, back_below);
    }
    words
}
