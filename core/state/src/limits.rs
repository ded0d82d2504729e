//! Every bound of the crate in one place.

/// Width of a key; trie positions are `0..KEY_BITS`.
pub const KEY_BITS: u8 = 192;

/// Most words a value can hold.
pub const VALUE_WORDS_MAX: usize = 8;

const _: () = assert!(KEY_BITS as usize == 3 * u64::BITS as usize);
// A leaf message is 24 + 8n bytes. None is as long as a node message, so the two can never be confused.
const _: () = assert!(24 + 8 * VALUE_WORDS_MAX <= 119 && (55 - 24) % 8 != 0);

/// Most rows one batch can touch: two bits of a row number are left for the recorder.
pub const OVERLAY_ROWS_MAX: u32 = 1 << 30;

/// Most leaves in one shard of the map between batches.
pub(crate) const SHARD_LEAVES_MAX: usize = 1 << 14;

/// Two neighbouring shards with no more leaves than this become one.
pub(crate) const SHARD_LEAVES_MERGE: usize = SHARD_LEAVES_MAX / 4;

// While a batch is applied a shard holds at most three times its limit, and each length of leaf keeps its own free
// list: the word heap stays within the 28 bits of a leaf reference.
const _: () = assert!(3 * SHARD_LEAVES_MAX * VALUE_WORDS_MAX * (3 + VALUE_WORDS_MAX) < 1 << 28);

/// Most subtrees that are open at once while a trie is folded from left to right: one for each position, and the last.
pub(crate) const OPEN_SUBTREES_MAX: usize = KEY_BITS as usize + 1;
