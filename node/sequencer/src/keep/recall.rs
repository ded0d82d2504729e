//! What was executed again after a start, for whoever listens first: servers show what happened before the node was started too.

use std::sync::Arc;

use ashlar_api::door::{Block, Recalled, Standing};

use crate::limits::RECALLED_COMMANDS;

/// The last part of what happened, until somebody takes it. From half of [`RECALLED_COMMANDS`] to all of it is kept while it is made, so that no more than
/// that is in memory, however long the journal.
#[derive(Debug, Default)]
pub(crate) struct Recall {
    /// What is given out; its end is where `recent` begins.
    early: Option<Recalled>,
    recent: Option<Recalled>,
    /// Commands in `recent`.
    commands: u64,
}

impl Recall {
    /// Begins where everything stands like this, or goes on, and may forget what is long ago. Nothing may be executed between this and the next block.
    pub fn stand(&mut self, standing: impl FnOnce() -> Standing) {
        if self.recent.is_none() || self.commands >= RECALLED_COMMANDS / 2 {
            let recent = Recalled { standing: standing(), blocks: Vec::new() };
            self.early = self.recent.replace(recent);
            self.commands = 0;
        }
    }

    /// What happened next.
    pub fn push(&mut self, block: &Arc<Block>) {
        if let Some(recent) = &mut self.recent {
            self.commands += block.next().get().saturating_sub(block.first.get());
            recent.blocks.push(Arc::clone(block));
            if self.commands > RECALLED_COMMANDS {
                // Nobody came for long, so nobody will.
                self.take();
            }
        }
    }

    /// All of it, once.
    pub fn take(&mut self) -> Option<Recalled> {
        let recent = self.recent.take()?;
        let Some(mut early) = self.early.take() else { return Some(recent) };
        early.blocks.extend(recent.blocks);
        Some(early)
    }
}

#[cfg(test)]
mod tests {
    use ashlar_types::{Input, MarketId, Sequence, SystemCommand, Time};

    use super::*;

    fn at(next: u64) -> Standing {
        let (next, time) = (Sequence::new(next), Time::new(1_000).expect("a time"));
        let (assets, markets, fees) = (Vec::new(), Vec::new(), Vec::new());
        Standing { next, time, assets, markets, fees, orders: Vec::new(), dead_men: Vec::new() }
    }

    fn block(first: u64, commands: u64) -> Arc<Block> {
        let input = (Time::new(1_000).expect("a time"), Input::System(SystemCommand::Continue(MarketId::FIRST)));
        let inputs = vec![input; usize::try_from(commands).expect("few")];
        Arc::new(Block { first: Sequence::new(first), inputs, lines: Vec::new() })
    }

    #[test]
    fn the_last_part_is_given_out_once_and_without_a_gap() {
        let (mut recall, mut next) = (Recall::default(), 7);
        for _ in 0..100 {
            recall.stand(|| at(next));
            recall.push(&block(next, 10_000));
            next += 10_000;
        }
        recall.push(&block(next, 3));
        let Recalled { standing, blocks } = recall.take().expect("something");
        let mut reached = standing.next;
        for block in blocks {
            assert_eq!(block.first, reached);
            reached = block.next();
        }
        assert_eq!(reached.get(), next + 3);
        let kept = reached.get() - standing.next.get();
        assert!((RECALLED_COMMANDS / 2..=RECALLED_COMMANDS + 20_000).contains(&kept), "{kept}");
        recall.push(&block(reached.get(), 1));
        assert!(recall.take().is_none(), "who comes later begins with how everything stands");
    }

    #[test]
    fn what_nobody_comes_for_is_forgotten() {
        let mut recall = Recall::default();
        recall.push(&block(0, 5));
        assert!(recall.take().is_none(), "it was never begun");
        recall.stand(|| at(5));
        (0..=RECALLED_COMMANDS / 5_000).for_each(|turn| recall.push(&block(5 + turn * 5_000, 5_000)));
        assert!(recall.take().is_none());
    }
}
