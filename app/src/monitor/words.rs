use ashlar_api::schema::{AssetView, Hex, MarketView};

use crate::figures::grouped;

/// The time of day, UTC.
pub fn time_of_day(ms: u64) -> String {
    let seconds = ms / 1_000;
    format!("{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
}

/// A number with a comma before every third digit.
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// The first bytes of what is too long for a column.
pub fn short(hex: &Hex) -> String {
    let text = hex.to_string();
    if text.len() > 14 { format!("{}…{}", &text[..8], &text[text.len() - 4..]) } else { text }
}

/// Units as people write them: exact, with a comma before every third digit of the whole part.
pub fn amount(units: u64, decimals: u8) -> String {
    point(u128::from(units), decimals)
}

/// Wei as whole ether, cut to nine digits after the point.
pub fn ether(wei: u128) -> String {
    point(wei / 1_000_000_000, 9)
}

fn point(units: u128, decimals: u8) -> String {
    let digits = format!("{units:0>width$}", width = usize::from(decimals) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::from(decimals));
    let part = part.trim_end_matches('0');
    if part.is_empty() { grouped(whole) } else { format!("{}.{part}", grouped(whole)) }
}

/// How a market's ticks and lots are written for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scale {
    /// One tick is `numerator / denominator` of the quote asset for one of the base asset.
    numerator: u128,
    denominator: u128,
    /// Digits after the point of a price.
    digits: u8,
    base_per_lot: u64,
    base_decimals: u8,
}

/// Digits after the point beyond which a price is cut.
const PRICE_DIGITS_MAX: u8 = 12;

impl Scale {
    /// Of a market whose assets are listed; nothing if a number is beyond what can be written.
    pub fn of(market: &MarketView, assets: &[AssetView]) -> Option<Scale> {
        let decimals = |id| assets.iter().find(|asset| asset.asset == id).map(|asset| asset.decimals);
        let (base, quote) = (decimals(market.base)?, decimals(market.quote)?);
        let numerator = u128::from(market.quote_per_tick.0).checked_mul(10_u128.checked_pow(base.into())?)?;
        let denominator = u128::from(market.base_per_lot.0).checked_mul(10_u128.checked_pow(quote.into())?)?;
        let fits = |digits: &u8| {
            let shifted = 10_u128.checked_pow((*digits).into()).and_then(|power| numerator.checked_mul(power));
            shifted.and_then(|shifted| shifted.checked_rem(denominator)) == Some(0)
        };
        let digits = (0..PRICE_DIGITS_MAX).find(fits).unwrap_or(PRICE_DIGITS_MAX);
        Some(Scale { numerator, denominator, digits, base_per_lot: market.base_per_lot.0, base_decimals: base })
    }

    /// A price in whole quote assets for one base asset, with as many digits as a tick has.
    pub fn price(&self, ticks: u64) -> String {
        let shifted = u128::from(ticks)
            .checked_mul(self.numerator)
            .and_then(|value| value.checked_mul(10_u128.pow(self.digits.into())))
            .and_then(|value| value.checked_div(self.denominator));
        let Some(value) = shifted else { return format!("{ticks} ticks") };
        let digits = format!("{value:0>width$}", width = usize::from(self.digits) + 1);
        let (whole, part) = digits.split_at(digits.len() - usize::from(self.digits));
        if part.is_empty() { grouped(whole) } else { format!("{}.{part}", grouped(whole)) }
    }

    /// A size in whole base assets.
    pub fn size(&self, lots: u64) -> String {
        point(u128::from(lots) * u128::from(self.base_per_lot), self.base_decimals)
    }
}

/// How far `now` is from `before`, in parts of a hundred with two digits: `+1.20%`.
pub fn change(before: u64, now: u64) -> String {
    if before == 0 {
        return "-".to_owned();
    }
    let difference = i128::from(now) - i128::from(before);
    let hundredths = difference * 10_000 / i128::from(before);
    let sign = if hundredths < 0 { "-" } else { "+" };
    format!("{sign}{}.{:02}%", hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100)
}

/// What a person must know where batches are not proven by a zkVM: nothing if they are.
pub fn development(proofs: &str) -> Option<String> {
    let lower = proofs.to_lowercase();
    let development = ["execute-only", "development", "mock", "none"].iter().any(|word| lower.contains(word));
    development.then(|| format!("NOT PROVEN: proofs are {proofs}; no zkVM vouches for a batch."))
}
