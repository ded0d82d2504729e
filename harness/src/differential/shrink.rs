//! Fewer inputs that still show a difference.

use ashlar_types::{InboxIndex, Input};

use super::replay;
use crate::engine::Engine;
use crate::flow::Timed;

/// Engines as they are before the first input.
pub type Fresh<'a> = &'a mut dyn FnMut() -> Vec<Box<dyn Engine>>;

/// Leaves out ever smaller pieces of the inputs as long as new engines still differ on what is left. The leaves are
/// compared after the last input only. Gives the inputs unchanged if engines agree on them.
pub fn shrink(fresh: Fresh<'_>, inputs: &[Timed]) -> Vec<Timed> {
    let mut kept = inputs.to_vec();
    if !differs(fresh, &kept) {
        return kept;
    }
    let mut piece = kept.len().div_ceil(2);
    while piece > 0 {
        let mut from = 0;
        while from < kept.len() {
            let to = (from + piece).min(kept.len());
            let without = renumbered([&kept[..from], &kept[to..]].concat());
            if differs(fresh, &without) {
                kept = without;
            } else {
                from = to;
            }
        }
        piece /= 2;
    }
    kept
}

fn differs(fresh: Fresh<'_>, inputs: &[Timed]) -> bool {
    let mut engines = fresh();
    let mut engines: Vec<&mut dyn Engine> = engines.iter_mut().map(|engine| &mut **engine as &mut dyn Engine).collect();
    replay(&mut engines, inputs, usize::MAX).is_err()
}

/// Inbox entries keep to the order of their indices when some are left out: those that were the next one stay the next.
fn renumbered(mut inputs: Vec<Timed>) -> Vec<Timed> {
    let (mut highest, mut next) = (None, 0);
    for (_, input) in &mut inputs {
        if let Input::Inbox { index, .. } = input
            && highest.is_none_or(|highest| *index > highest)
        {
            highest = Some(*index);
            *index = InboxIndex::new(next);
            next += 1;
        }
    }
    inputs
}
