//! Frozen digests. A change here changes every root, every proof and what L1 checks.

use ashlar_state::{Digest, Key, NodeHash, Sha256Node};
use sha2::{Digest as _, Sha256};

fn hex(digest: &Digest) -> String {
    digest.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key() -> Key {
    Key::new([0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, 0x8000_0000_0000_0001])
}

#[test]
fn leaves_of_every_length() {
    let words: Vec<u64> = (1..=8).map(|i| i * 0x0101_0101_0101_0101).collect();
    let frozen = [
        "c1e2492a01eb3f1f317cddb79fd1504f2f96488305ebb6153cd684",
        "d3a9f9e4bd5d01852d527a85209235c2e912e6bd5f57e869180cf3",
        "ee0935d3e6162e1da3009d1caa8a4fee8a01e1941bef739eb3b5f8",
        "5e51635bd850bc25b7b7081722d12e761b3526d8927baa99a36a88",
        "a1e07daab2802bb5c5579e4383e99109f96ac1c4b741304fbada3e",
        "e2b1d2c549c48556752e6a0c193a89b4e9fbc9f5e4f545673857e6",
        "7b1409dc08b53eb790004c6c1b702a50d52db39dcceb885e355dee",
        "867444e0fad48dbd78e4e979a41027c7547710e0a86af9e8a94f26",
    ];
    for (len, frozen) in (1..=8).zip(frozen) {
        let digest = Sha256Node::leaf(&key(), &words[..len]);
        let message: Vec<u8> =
            key().to_bytes().into_iter().chain(words[..len].iter().flat_map(|word| word.to_be_bytes())).collect();
        assert_eq!(digest.to_bytes()[..], Sha256::digest(&message)[..27]);
        assert_eq!(hex(&digest), frozen, "{len} words");
    }
}

#[test]
fn nodes_at_the_first_and_last_position() {
    let left = Sha256Node::leaf(&key(), &[1]);
    let right = Sha256Node::leaf(&key(), &[2]);
    let frozen = [
        (0, "92ab88ac53e05ab2e988825387afa090947765a8aba479f5a10f12"),
        (1, "49e2baec04681cb30976482ddea97d0957a20a723bc0bd11cc91b2"),
        (191, "1a2095433848a311f39372dda23367da4bc1088cd92e50217032fc"),
    ];
    for (position, frozen) in frozen {
        let digest = Sha256Node::node(position, &left, &right);
        let message: Vec<u8> = left.to_bytes().into_iter().chain([position]).chain(right.to_bytes()).collect();
        assert_eq!(message.len(), 55);
        assert_eq!(digest.to_bytes()[..], Sha256::digest(&message)[..27]);
        assert_eq!(hex(&digest), frozen, "position {position}");
    }
}

#[test]
fn digests_survive_their_bytes_and_keep_the_position_byte_free() {
    let digest = Sha256Node::leaf(&key(), &[7]);
    assert_eq!(Digest::from_bytes(&digest.to_bytes()), digest);
    assert_eq!(Digest::from_words(*digest.words()), Some(digest));
    let mut words = *digest.words();
    words[6] |= 1;
    assert_eq!(Digest::from_words(words), None);
    assert_eq!(Digest::EMPTY.to_bytes(), [0; 27]);
}
