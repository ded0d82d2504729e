use core::arch::x86_64::{__m512i, _mm512_load_si512, _mm512_loadu_si512, _mm512_store_si512, _mm512_storeu_si512};

/// Memory of one vector, where vectors of its kind are quickest to reach.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line<T>(pub(crate) T);

/// The 64 bytes of an array.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn bytes(from: &[u8; 64]) -> __m512i {
    // SAFETY: the 64 bytes that are read are those of the array, and this load asks for no alignment. Every pattern of bits is a vector.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

/// The 64 bytes of an array, written.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn write_bytes(to: &mut [u8; 64], vector: __m512i) {
    // SAFETY: the 64 bytes that are written are those of the array, which is borrowed for writing; this store asks for no alignment. Every pattern of
    // bits is 64 bytes.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), vector) }
}

/// Eight words.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn words(from: &Line<[u64; 8]>) -> __m512i {
    // SAFETY: the 64 bytes that are read are those of the array, which its type aligns to as many.
    unsafe { _mm512_load_si512(from.0.as_ptr().cast()) }
}

/// Eight words, written.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn write_words(to: &mut Line<[u64; 8]>, vector: __m512i) {
    // SAFETY: the 64 bytes that are written are those of the array, which is borrowed for writing and aligned to as many. Every pattern of bits is
    // eight words.
    unsafe { _mm512_store_si512(to.0.as_mut_ptr().cast(), vector) }
}

/// Sixteen half words, which may stand anywhere.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn halves(from: &[u32; 16]) -> __m512i {
    // SAFETY: the 64 bytes that are read are those of the array, and this load asks for no alignment.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

/// Sixteen half words, written anywhere.
#[inline]
#[target_feature(enable = "avx512f")]
pub(crate) fn write_halves(to: &mut [u32; 16], vector: __m512i) {
    // SAFETY: the 64 bytes that are written are those of the array, which is borrowed for writing; this store asks for no alignment. Every pattern of
    // bits is sixteen half words.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), vector) }
}
