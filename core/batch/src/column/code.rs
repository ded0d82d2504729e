//! Prefix codes whose lengths follow from how often each class occurs (B-8).

/// Classes of values: one for each width, zero having none.
pub(crate) const CLASSES: usize = 65;
/// Bits of the longest code, so that a table of a few cache lines decodes any of them in one look.
pub(super) const CODE_BITS_MAX: u32 = 8;
/// Places in such a table: every code takes a share of them, and a whole set of codes all.
pub(super) const PLACES: u32 = 1 << CODE_BITS_MAX;

/// Bits of the code of each class; zero for a class that no value is in.
pub(super) type Lengths = [u8; CLASSES];

/// A class or a set of joined ones, on its way to a code.
#[derive(Clone, Copy, Default)]
struct Node {
    weight: u32,
    /// What it was joined into, by its place among the joined.
    parent: u8,
}

const _: () = {
    assert!(CLASSES as u32 <= PLACES, "classes of equal weight all find a code that is short enough");
    assert!(2 * CLASSES <= u8::MAX as usize, "a place among the nodes is a byte");
};

/// The lengths of these counts; `None` if fewer than two classes occur, which need no code.
///
/// They are Huffman's as long as none is too long. Otherwise the counts are halved, rounded up, until that is so: the
/// rarest classes come to weigh the same, and weights that are all one give codes of seven bits at most.
pub(super) fn lengths(counts: &[u32; CLASSES]) -> Option<Lengths> {
    let mut classes = [0u8; CLASSES];
    let mut present = 0;
    for (class, count) in (0u8..).zip(counts) {
        if *count > 0 {
            insert(&mut classes[..=present], class, counts);
            present += 1;
        }
    }
    if present < 2 {
        return None;
    }
    let classes = &classes[..present];
    let mut halvings = 0;
    loop {
        let mut leaves = [Node::default(); CLASSES];
        for (leaf, class) in leaves.iter_mut().zip(classes) {
            leaf.weight = counts[usize::from(*class)].div_ceil(1 << halvings);
        }
        let depths = join(&mut leaves[..present]);
        if depths.iter().all(|depth| u32::from(*depth) <= CODE_BITS_MAX) {
            let mut lengths = [0; CLASSES];
            for (class, depth) in classes.iter().zip(depths) {
                lengths[usize::from(*class)] = depth;
            }
            return Some(lengths);
        }
        halvings += 1;
    }
}

/// Puts a class, in the last place, among those before it, which are in the order of their counts.
fn insert(classes: &mut [u8], class: u8, counts: &[u32; CLASSES]) {
    let mut at = classes.len() - 1;
    while at > 0 && counts[usize::from(classes[at - 1])] > counts[usize::from(class)] {
        classes[at] = classes[at - 1];
        at -= 1;
    }
    classes[at] = class;
}

/// Joins the two lightest nodes until one is left, and says how deep each of the sorted leaves then is. Of nodes of equal
/// weight leaves go first, then whatever was there first, which keeps the longest code short.
fn join(leaves: &mut [Node]) -> [u8; CLASSES] {
    let count = leaves.len();
    let mut joined = [Node::default(); CLASSES];
    let (mut leaf, mut taken) = (0, 0);
    for made in 0..count - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let from_leaves = leaf < count && (taken == made || leaves[leaf].weight <= joined[taken].weight);
            let node = if from_leaves { &mut leaves[leaf] } else { &mut joined[taken] };
            node.parent = made as u8;
            weight += node.weight;
            if from_leaves {
                leaf += 1;
            } else {
                taken += 1;
            }
        }
        joined[made].weight = weight;
    }
    // From the last node, which has no parent, to the first.
    let mut depths = [0u8; CLASSES];
    for at in (0..count - 2).rev() {
        depths[at] = depths[usize::from(joined[at].parent)] + 1;
    }
    let mut of_leaves = [0; CLASSES];
    for (depth, leaf) in of_leaves.iter_mut().zip(leaves) {
        *depth = depths[usize::from(leaf.parent)] + 1;
    }
    of_leaves
}

/// Calls `each` with every class that has a code, that code, lowest bit first as it stands in a column, and its length:
/// shorter ones before longer ones, and classes in their order among those of one length.
pub(super) fn codes(lengths: &Lengths, mut each: impl FnMut(u8, u32, u32)) {
    let widest = lengths.iter().rposition(|length| *length > 0).unwrap_or(0);
    let lengths = &lengths[..=widest];
    let mut next = 0u32;
    for length in 1..=CODE_BITS_MAX {
        next <<= 1;
        for (class, of_class) in (0u8..).zip(lengths) {
            if u32::from(*of_class) == length {
                each(class, next.reverse_bits() >> (u32::BITS - length), length);
                next += 1;
            }
        }
    }
}
