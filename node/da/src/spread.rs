use ashlar_coding::{Layout, Row};

/// Which store keeps which rows of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spread {
    rows: usize,
    stores: usize,
}

impl Spread {
    /// Over so many stores.
    pub const fn new(layout: &Layout, stores: usize) -> Spread {
        Spread { rows: layout.rows(), stores }
    }

    /// The rows of a store: every so many-th. Where the last round is not full, all go on from the beginning for that round and one more,
    /// without which some halves of the stores would have less than the data.
    pub fn rows_of(&self, store: usize) -> Vec<Row> {
        if store >= self.stores {
            return Vec::new();
        }
        let rounds = match self.rows % self.stores {
            0 => self.rows / self.stores,
            _ => self.rows.min(self.rows / self.stores + 2),
        };
        let mut rows: Vec<u16> = (0..rounds).map(|round| ((store + round * self.stores) % self.rows) as u16).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.into_iter().map(Row::new).collect()
    }
}

#[cfg(test)]
mod tests {
    use ashlar_coding::Expansion;

    use super::*;

    /// Any half of the stores is enough at twice the data, any quarter at four times, for every number of rows.
    #[test]
    fn any_share_of_the_stores_has_the_data() {
        for (expansion, fold) in [(Expansion::Double, 2), (Expansion::Quadruple, 4)] {
            for data_rows in (1..40).chain([63, 64, 65, 127, 128, 129, 255, 256]) {
                let layout = Layout::new(data_rows, 256, expansion).unwrap();
                for stores in 1..=8usize {
                    let spread = Spread::new(&layout, stores);
                    for set in 1u32..1 << stores {
                        if (set.count_ones() as usize) * fold < stores {
                            continue;
                        }
                        let mut have = vec![false; layout.rows()];
                        let chosen = (0..stores).filter(|store| set >> store & 1 == 1);
                        chosen
                            .flat_map(|store| spread.rows_of(store))
                            .for_each(|row| have[usize::from(row.get())] = true);
                        let have = have.into_iter().filter(|have| *have).count();
                        assert!(have >= data_rows, "{data_rows} rows, stores {set:b} of {stores}: {have}");
                    }
                }
            }
        }
    }
}
