//! Which nonces were used (C-4).

use std::collections::BTreeSet;

use ashlar_types::Reason;
use ashlar_types::limits::{NONCE_JUMP_MAX, NONCE_WINDOW};

/// The nonces of one slot, or of the owner.
#[derive(Clone, Default)]
pub struct Window {
    /// The highest one seen.
    pub highest: u64,
    /// Those used, of the highest and the 127 below it.
    pub used: BTreeSet<u64>,
}

impl Window {
    /// Whether this nonce may be used now.
    pub fn check(&self, nonce: u64) -> Result<(), Reason> {
        if nonce > self.highest {
            let jump = nonce - self.highest;
            return if jump <= NONCE_JUMP_MAX { Ok(()) } else { Err(Reason::NonceTooFar) };
        }
        let is_recent = self.highest - nonce < NONCE_WINDOW;
        if nonce != 0 && is_recent && !self.used.contains(&nonce) { Ok(()) } else { Err(Reason::NonceUsed) }
    }

    /// Uses it.
    pub fn take(&mut self, nonce: u64) {
        self.used.insert(nonce);
        self.highest = self.highest.max(nonce);
        let highest = self.highest;
        self.used.retain(|used| highest - used < NONCE_WINDOW);
    }

    /// Bit `i` says whether the nonce `i` below the highest was used.
    pub fn bits(&self) -> u128 {
        self.used.iter().map(|used| 1u128 << (self.highest - used)).sum()
    }
}
