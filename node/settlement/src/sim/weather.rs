use super::dice::Dice;

/// How fees and endpoints behave. Every chance is in ten thousand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weather {
    /// The least base fee, in wei.
    pub base_fee_min: u128,
    /// The least and the most that a calm block asks on top, in wei; any value between is as likely.
    pub calm_tip: (u128, u128),
    /// That a spike begins in a block.
    pub spike_begins: u32,
    /// How many times dearer a spike is, the least and the most; any whole number between is as likely.
    pub spike_times: (u64, u64),
    /// How many blocks it lasts, the least and the most.
    pub spike_blocks: (u64, u64),
    /// That one request to one endpoint fails.
    pub request_fails: u32,
    /// That an endpoint goes down in a block.
    pub outage_begins: u32,
    /// How many blocks it is down, the least and the most.
    pub outage_blocks: (u64, u64),
    /// That an endpoint takes a transaction and loses it.
    pub transaction_lost: u32,
}

const GWEI: u128 = 1_000_000_000;

impl Weather {
    /// Steady fees, and nothing fails.
    pub const FAIR: Weather = Weather {
        base_fee_min: GWEI,
        calm_tip: (GWEI, GWEI),
        spike_begins: 0,
        spike_times: (1, 1),
        spike_blocks: (0, 0),
        request_fails: 0,
        outage_begins: 0,
        outage_blocks: (0, 0),
        transaction_lost: 0,
    };
}

/// What the next block asks for, and how long it goes on.
#[derive(Clone, Debug)]
pub(super) struct Climate {
    pub base_fee: u128,
    pub blob_fee: u128,
    pub tip: u128,
    spike: u64,
    spike_left: u64,
    pub down_left: Vec<u64>,
}

impl Climate {
    pub fn new(weather: &Weather, endpoints: usize) -> Climate {
        Climate {
            base_fee: weather.base_fee_min,
            blob_fee: 1,
            tip: weather.calm_tip.0,
            spike: 1,
            spike_left: 0,
            down_left: vec![0; endpoints],
        }
    }

    /// One block later. The base fee goes up by an eighth in a spike and down by one outside, as EIP-1559 bounds it.
    pub fn next(&mut self, weather: &Weather, dice: &mut Dice) {
        if self.spike_left > 0 {
            self.spike_left -= 1;
        } else if dice.chance(weather.spike_begins) {
            self.spike = between(dice, weather.spike_times).max(1);
            self.spike_left = between(dice, weather.spike_blocks);
        } else {
            self.spike = 1;
        }
        let (low, high) = weather.calm_tip;
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(u64::MAX).saturating_add(1);
        self.tip = (low + u128::from(dice.below(width))) * u128::from(self.spike);
        let eighth = self.base_fee / 8;
        self.base_fee = if self.spike > 1 { self.base_fee + eighth } else { self.base_fee - eighth };
        self.base_fee = self.base_fee.max(weather.base_fee_min);
        for left in &mut self.down_left {
            if *left > 0 {
                *left -= 1;
            } else if dice.chance(weather.outage_begins) {
                *left = between(dice, weather.outage_blocks);
            }
        }
    }
}

fn between(dice: &mut Dice, (low, high): (u64, u64)) -> u64 {
    low + dice.below(high.saturating_sub(low) + 1)
}
