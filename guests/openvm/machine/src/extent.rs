//! Whether the bytes of a proof hold as much as they say, looked at before OpenVM's decoder believes them.
//!
//! 1. Every count is compared with the bytes behind it, so decoding takes at most some forty times the memory of the bytes, and as much time as they are long.
//! 2. Nothing that a prover writes is refused.
//!
//! That decoder (`openvm-stark-backend` 2.0.1, `proof.rs`) reserves little for a count and then counts all the same: of what takes no bytes, as a row without
//! columns, a file of a hundred bytes has it make as many as fit no memory. A process that ends for that says nothing of the proof, which so would be looked
//! at again and again.

/// Bytes of an element of the field, of one of its extension, and of a commitment.
const ELEMENT: u64 = 4;
const EXTENSION: u64 = 4 * ELEMENT;
const COMMITMENT: u64 = 8 * ELEMENT;
/// Circuits of a machine, which a proof has a bit for each. This machine has some sixty, and what joins proofs fewer.
const CIRCUITS_MAX: u64 = 1 << 10;
/// Bytes of a joined proof: its length is that of its circuits' heights, and there is no batch in it. The first had 267,271.
const JOINED_BYTES_MAX: usize = 1 << 22;

/// A joined proof and the public values behind it.
pub(crate) fn check_joined(bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > JOINED_BYTES_MAX {
        return Err(format!("{} bytes, where a joined proof has at most {JOINED_BYTES_MAX}", bytes.len()));
    }
    let mut walk = Walk { rest: bytes };
    walk.proof()?;
    walk.revealed()?;
    // Proofs about proofs, inside of the machine, are not a thing of ours.
    walk.none("deferred proofs")?;
    walk.finish()
}

/// Proofs of segments and the public values behind them.
pub(crate) fn check_segments(bytes: &[u8]) -> Result<(), String> {
    let mut walk = Walk { rest: bytes };
    for _ in 0..walk.count()? {
        walk.proof()?;
    }
    walk.revealed()?;
    walk.finish()
}

/// What was not walked over yet.
struct Walk<'a> {
    rest: &'a [u8],
}

impl Walk<'_> {
    fn count(&mut self) -> Result<u64, String> {
        let (number, rest) = self.rest.split_first_chunk().ok_or("it ends within a count")?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*number).into())
    }

    /// So many times so many bytes, as a product.
    fn skip(&mut self, factors: &[u64]) -> Result<(), String> {
        let bytes = factors.iter().try_fold(1u64, |product, factor| product.checked_mul(*factor));
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok());
        let here = self.rest;
        let rest = bytes.and_then(|bytes| here.get(bytes..));
        self.rest = rest.ok_or_else(|| format!("it says that more follows than {} bytes", here.len()))?;
        Ok(())
    }

    /// A count and so many of that size.
    fn list(&mut self, size: u64) -> Result<u64, String> {
        let count = self.count()?;
        self.skip(&[count, size])?;
        Ok(count)
    }

    fn lists(&mut self, count: u64, size: u64) -> Result<(), String> {
        (0..count).try_for_each(|_| self.list(size).map(|_| ()))
    }

    fn none(&mut self, what: &str) -> Result<(), String> {
        let (is_there, rest) = self.rest.split_first().ok_or("it ends too early")?;
        self.rest = rest;
        if *is_there == 0 { Ok(()) } else { Err(format!("there are {what} in it")) }
    }

    fn finish(self) -> Result<(), String> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(format!("{left} bytes are left behind it")),
        }
    }

    /// The path of what was revealed, that itself, and its commitment.
    fn revealed(&mut self) -> Result<(), String> {
        self.list(COMMITMENT)?;
        self.list(ELEMENT)?;
        self.skip(&[COMMITMENT])
    }

    fn proof(&mut self) -> Result<(), String> {
        // The version of the encoding, and the commitment to all traces.
        self.skip(&[4 + COMMITMENT])?;
        let circuits = self.count()?;
        if circuits > CIRCUITS_MAX {
            return Err(format!("{circuits} circuits, where there are at most {CIRCUITS_MAX}"));
        }
        let bits = self.rest;
        self.skip(&[circuits.div_ceil(8)])?;
        let bits = &bits[..bits.len() - self.rest.len()];
        for _ in 0..bits.iter().map(|byte| byte.count_ones()).sum::<u32>() {
            // A height, and commitments of this trace alone.
            self.skip(&[4])?;
            self.list(COMMITMENT)?;
        }
        let public_values = self.count()?;
        self.lists(public_values, ELEMENT)?;
        self.fractions()?;
        self.constraints()?;
        self.stacking()?;
        self.opening()
    }

    /// The sums over lookups: layers, and behind the first one more polynomial for each.
    fn fractions(&mut self) -> Result<(), String> {
        self.skip(&[ELEMENT + EXTENSION])?;
        let layers = self.list(4 * EXTENSION)?;
        self.skip(&[layers * layers.saturating_sub(1) / 2, 3 * EXTENSION])
    }

    fn constraints(&mut self) -> Result<(), String> {
        let traces = self.list(EXTENSION)?;
        self.skip(&[traces, EXTENSION])?;
        self.list(EXTENSION)?;
        let rounds = self.count()?;
        if rounds > 0 {
            let values = self.some("values of a polynomial")?;
            self.skip(&[rounds, values, EXTENSION])?;
        }
        for _ in 0..traces {
            let parts = self.count()?;
            self.lists(parts, EXTENSION)?;
        }
        Ok(())
    }

    fn stacking(&mut self) -> Result<(), String> {
        self.list(EXTENSION)?;
        self.list(2 * EXTENSION)?;
        let commitments = self.count()?;
        self.lists(commitments, EXTENSION)
    }

    /// The opening of all commitments, in rounds that fold equally often.
    fn opening(&mut self) -> Result<(), String> {
        self.skip(&[ELEMENT])?;
        let folds = self.list(2 * EXTENSION)?;
        let later = self.list(COMMITMENT)?;
        let rounds = later + 1;
        self.skip(&[later, EXTENSION])?;
        self.skip(&[folds + rounds, ELEMENT])?;
        let rows = u32::try_from(folds / rounds).ok().and_then(|folds| 1u64.checked_shl(folds));
        let rows = rows.ok_or_else(|| format!("{folds} folds in {rounds} rounds"))?;

        let commitments = self.some("commitments")?;
        let queries = self.some("queries")?;
        let depth = self.count()?;
        let widths = self.rest;
        self.skip(&[commitments, 4])?;
        let mut widths = Walk { rest: &widths[..widths.len() - self.rest.len()] };
        for _ in 0..commitments {
            let width = widths.some("columns")?;
            self.skip(&[queries, rows, width, ELEMENT])?;
        }
        self.skip(&[commitments, queries, depth, COMMITMENT])?;

        let mut of_rounds = Vec::new();
        for _ in 0..later {
            let queries = self.count()?;
            self.skip(&[queries, rows, EXTENSION])?;
            of_rounds.push(queries);
        }
        let mut depth = self.count()?;
        for queries in of_rounds {
            self.skip(&[queries, depth, COMMITMENT])?;
            depth = depth.checked_sub(1).ok_or("its trees have no leaves")?;
        }
        self.list(EXTENSION)?;
        Ok(())
    }

    /// A count of what there is at least one of, so that what it multiplies takes bytes.
    fn some(&mut self, what: &str) -> Result<u64, String> {
        match self.count()? {
            0 => Err(format!("there are no {what}")),
            count => Ok(count),
        }
    }
}

#[cfg(test)]
#[path = "extent_tests.rs"]
mod tests;
