//! The index against an ordered map, with keys as they come and as an adversary would like them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::*;

/// Adds and removes keys in waves that grow, and looks for all of them after each.
fn run(keys: &[u64]) -> Index {
    let mut index = Index::new(5, keys.len() as u32);
    let mut slots = BTreeMap::new();
    let key_of = |slot: u32| keys[slot as usize];
    for wave in 1..=4 {
        for (slot, key) in keys.iter().enumerate().take(keys.len() * wave / 4) {
            if slots.insert(*key, slot as u32).is_none() {
                index.insert(*key, slot as u32);
            }
        }
        for (slot, key) in keys.iter().enumerate() {
            let found = index.find(*key, |slot| key_of(slot) == *key);
            assert_eq!(found.map(Found::slot), slots.get(key).copied(), "slot {slot} in wave {wave}");
        }
        for slot in (wave % 3..keys.len() * wave / 4).step_by(3) {
            if slots.remove(&keys[slot]).is_some() {
                let found = index.find(keys[slot], |s| key_of(s) == keys[slot]);
                let found = if slot % 2 == 0 { found.unwrap() } else { Found::only(slot as u32) };
                index.remove(keys[slot], found);
            }
        }
        assert_eq!(index.len as usize, slots.len());
    }
    index
}

#[test]
fn counting_up() {
    run(&(1..20_000).collect::<Vec<u64>>());
}

#[test]
fn in_patterns() {
    run(&(1..6_000).map(|n| n << 32 | 7).collect::<Vec<u64>>());
    run(&(1..6_000).map(|n| n << 48).collect::<Vec<u64>>());
    run(&(0..6_000_u64).map(|n| u64::MAX - n * 4_096).collect::<Vec<u64>>());
}

/// Keys that all have the same hash, which nobody can make who does not know the secret: they are found nevertheless,
/// through the map.
#[test]
fn all_in_one_bucket() {
    let secret = Index::new(5, 1).secret;
    // The inverse of an odd number, modulo two to the 64th, by Newton's method.
    let inverse = (0..6).fold(secret, |x, _| x.wrapping_mul(2_u64.wrapping_sub(secret.wrapping_mul(x))));
    let keys: Vec<u64> = (0..3_000_u64).map(|n| n.wrapping_mul(inverse)).collect();
    let index = run(&keys);
    assert!(index.spilled.len() > 1_000);
    let few = run(&keys[..14]);
    assert!(!few.spilled.is_empty());
}

/// A bucket that has spilled a little and is split takes its keys back.
#[test]
fn what_has_spilled_comes_back_when_there_is_room() {
    let mut index = Index::new(5, 100_000);
    let full = (0..100_000_u64).find(|key| index.home(index.hash(*key)) == 0 && index.hash(*key) & 1024 != 0).unwrap();
    let same = |index: &Index, key: &u64| index.home(index.hash(*key)) == index.home(index.hash(full));
    let keys: Vec<u64> = (0..100_000).filter(|key| same(&index, key)).take(9).collect();
    for (slot, key) in keys.iter().enumerate() {
        index.insert(*key, slot as u32);
    }
    assert_eq!(index.spilled.len(), 5);
    while index.buckets.len() < 4 * BUCKETS_MIN {
        index.grow();
    }
    assert!(index.spilled.len() < 5);
    for (slot, key) in keys.iter().enumerate() {
        assert_eq!(index.find(*key, |s| keys[s as usize] == *key).map(Found::slot), Some(slot as u32));
    }
}
