//! Watches what the core says.

use std::collections::VecDeque;

use ashlar_exchange::Output;
use ashlar_types::{Event, Receipt, Trade};

use crate::latency::Latencies;
use crate::traffic::is_refusal;

/// How many of the last trades and receipts are kept.
const KEPT: usize = 6;

/// Counts, and the last of each.
#[derive(Debug)]
pub struct Watch {
    /// Commands so far.
    pub commands: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Trades so far.
    pub trades: u64,
    /// The last trades, the newest last.
    pub last_trades: VecDeque<Trade>,
    /// The last receipts, the newest last.
    pub last_receipts: VecDeque<Receipt>,
    /// How long the core took for each command.
    pub latencies: Latencies,
}

impl Watch {
    /// Has seen nothing yet.
    pub fn new() -> Watch {
        let (last_trades, last_receipts) = (VecDeque::with_capacity(KEPT + 1), VecDeque::with_capacity(KEPT + 1));
        Watch { commands: 0, refused: 0, trades: 0, last_trades, last_receipts, latencies: Latencies::new() }
    }

    /// Forgets what came before the market opened.
    pub fn forget(&mut self) {
        *self = Watch::new();
    }
}

fn keep<T>(kept: &mut VecDeque<T>, next: T) {
    kept.push_back(next);
    if kept.len() > KEPT {
        kept.pop_front();
    }
}

impl Output for Watch {
    fn event(&mut self, event: &Event) {
        if let Event::Trade(trade) = event {
            self.trades += 1;
            keep(&mut self.last_trades, *trade);
        }
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.commands += 1;
        self.refused += u64::from(is_refusal(receipt.reason));
        keep(&mut self.last_receipts, *receipt);
    }
}
