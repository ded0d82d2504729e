//! Withholders of real chunks against real clients.

use std::collections::BTreeSet;

use ashlar_batch::data_root;
use ashlar_coding::sampling::{self, Adaptive, Miss, Sampler, Secret, Step, Strategy};
use ashlar_coding::{Chunk, Coded, Expansion, Layout, Row, Simd, Verifier};

use crate::flow::{Chance, batch};

/// Chunks that a store may or may not hand out.
struct World {
    verifier: Verifier,
    chunks: Vec<Chunk>,
}

impl World {
    fn new(data_rows: usize, expansion: Expansion) -> World {
        let bytes = batch(256 * data_rows - 5, 1);
        let coded = Coded::new(&bytes, expansion, &Simd).unwrap();
        let verifier = Verifier::new(coded.commitment(), data_root(&bytes).unwrap(), coded.manifest().clone()).unwrap();
        World { verifier, chunks: coded.chunks().collect() }
    }

    fn layout(&self) -> Layout {
        *self.verifier.manifest().layout()
    }

    fn secret(chance: &mut Chance) -> Sampler {
        let mut secret = [0; 32];
        secret.chunks_mut(8).for_each(|part| part.copy_from_slice(&chance.next().to_le_bytes()));
        Sampler::new(Secret::new(secret))
    }

    /// Whether the withholder sends the row and the client accepts it.
    fn asks(&self, withheld: &BTreeSet<Row>, row: Row) -> bool {
        let sent = (!withheld.contains(&row)).then(|| &self.chunks[usize::from(row.get())]);
        sent.is_some_and(|chunk| self.verifier.verify(chunk) == Ok(row))
    }

    /// Whether a client is content though too much is withheld to restore anything.
    fn fools(&self, sampler: &Sampler, withheld: &BTreeSet<Row>, strategy: Strategy, samples: usize) -> bool {
        let rows = sampler.rows(self.verifier.commitment(), &self.layout(), strategy, samples);
        rows.into_iter().all(|row| self.asks(withheld, row))
    }
}

fn any_rows(chance: &mut Chance, layout: &Layout, count: usize) -> BTreeSet<Row> {
    let mut rows: Vec<Row> = (0..layout.rows() as u16).map(Row::new).collect();
    chance.shuffle(&mut rows);
    rows.into_iter().take(count).collect()
}

/// The best a withholder can do against strata: the same part of each.
fn evenly(layout: &Layout, strata: usize, count: usize) -> BTreeSet<Row> {
    let width = layout.rows() / strata;
    (0..count).map(|index| Row::new((index % strata * width + index / strata) as u16)).collect()
}

/// A probability as a part of one.
fn part(miss: Miss) -> f64 {
    miss.get() as f64 / 2f64.powi(64)
}

/// The probability that an adaptive client is content though so many rows are withheld: by X-21's numbers of samples, through every number of
/// rows asked and failed, each next row being any of those not yet asked.
fn content_though_withheld(layout: &Layout, wanted: Miss, withheld: usize) -> f64 {
    let needed: Vec<Option<usize>> = (0..=sampling::FAILURES_MAX + 1)
        .map(|failures| sampling::samples_forgiving(layout, wanted, failures))
        .collect();
    let rows = layout.rows();
    // Of each number of failures, after so many rows.
    let mut at = vec![0.0; needed.len()];
    at[0] = 1.0;
    let mut content = 0.0;
    for asked in 0..=rows {
        let mut next = vec![0.0; needed.len()];
        for (failures, probability) in at.iter().enumerate() {
            match needed[failures] {
                Some(needed) if needed <= asked => content += probability,
                Some(_) => {
                    let fails = (withheld - failures.min(withheld)) as f64 / (rows - asked) as f64;
                    next[failures] += probability * (1.0 - fails);
                    next[failures + 1] += probability * fails;
                }
                None => {}
            }
        }
        at = next;
    }
    content
}

/// Within five standard deviations, which once in a million runs would fail; this run is always the same.
fn agrees(what: &str, fooled: u64, trials: u64, probability: f64) {
    let deviation = (trials as f64 * probability * (1.0 - probability)).sqrt();
    let off = (fooled as f64 - trials as f64 * probability).abs() / deviation;
    println!(
        "{what}: {fooled} of {trials} withholders unseen, formula {:.1}, {off:.2} deviations",
        trials as f64 * probability
    );
    assert!(off < 5.0, "{what}");
}

#[test]
fn withholders_are_seen_as_often_as_the_formula_says() {
    const TRIALS: u64 = 100_000;
    let world = World::new(16, Expansion::Double);
    let layout = world.layout();
    let fatal = layout.rows() - layout.data_rows() + 1;
    let mut chance = Chance::new(11);
    for (strategy, samples) in [(Strategy::Uniform, 3), (Strategy::Stratified, 4)] {
        let mut fooled = 0;
        for _ in 0..TRIALS {
            let withheld = match strategy {
                Strategy::Stratified => evenly(&layout, samples, fatal),
                _ => any_rows(&mut chance, &layout, fatal),
            };
            fooled += u64::from(world.fools(&World::secret(&mut chance), &withheld, strategy, samples));
        }
        agrees(&format!("{strategy:?}"), fooled, TRIALS, part(sampling::miss(&layout, strategy, samples)));
    }
}

/// An adaptive client is fooled as often as its numbers of samples say, failure by failure; and what it wanted is a bound of that, since it
/// adds up what each number of failures may use.
#[test]
fn adaptive_clients_are_fooled_as_often_as_the_formula_says_and_no_more_than_they_wanted() {
    const TRIALS: u64 = 100_000;
    for (data_rows, expansion, bits) in [(16, Expansion::Double, 4), (8, Expansion::Quadruple, 3)] {
        let world = World::new(data_rows, expansion);
        let layout = world.layout();
        let fatal = layout.rows() - layout.data_rows() + 1;
        let wanted = Miss::of_bits(bits);
        let fooled = adaptive_clients_fooled(&world, fatal, wanted, TRIALS);
        let formula = content_though_withheld(&layout, wanted, fatal);
        assert!(formula <= part(wanted) && formula > part(wanted) / 16.0, "{formula}");
        agrees(&format!("Adaptive over {} rows", layout.rows()), fooled, TRIALS, formula);
    }
    assert_eq!(content_though_withheld(&World::new(16, Expansion::Double).layout(), Miss::of_bits(4), 0), 1.0);
}

fn adaptive_clients_fooled(world: &World, withheld: usize, wanted: Miss, trials: u64) -> u64 {
    let layout = world.layout();
    let mut chance = Chance::new(12);
    let mut fooled = 0;
    for _ in 0..trials {
        let withheld = any_rows(&mut chance, &layout, withheld);
        let order =
            World::secret(&mut chance).rows(world.verifier.commitment(), &layout, Strategy::Adaptive, layout.rows());
        let mut client = Adaptive::new(layout, wanted);
        let mut rows = order.into_iter();
        let verdict = loop {
            match client.step() {
                Step::Ask(_) => client.answered(world.asks(&withheld, rows.next().unwrap())),
                verdict => break verdict,
            }
        };
        fooled += u64::from(verdict == Step::Available);
    }
    fooled
}

/// An honest store that loses a few rows is still believed, which one-shot clients do not do.
#[test]
fn adaptive_clients_forgive_what_an_honest_store_loses() {
    let world = World::new(16, Expansion::Double);
    let layout = world.layout();
    let mut chance = Chance::new(15);
    let lost = any_rows(&mut chance, &layout, 2);
    let mut believed = 0;
    for _ in 0..1_000 {
        let mut client = Adaptive::new(layout, Miss::of_bits(4));
        let sampler = World::secret(&mut chance);
        for row in sampler.rows(world.verifier.commitment(), &layout, Strategy::Adaptive, layout.rows()) {
            match client.step() {
                Step::Ask(_) => client.answered(world.asks(&lost, row)),
                _ => break,
            }
        }
        believed += usize::from(client.step() == Step::Available);
    }
    assert_eq!(believed, 1_000);
}

/// Whoever knows the commitment and every rule, but not the client's secret, keeps just the rows that a client without a
/// secret would ask for: such clients are always fooled, real ones as rarely as by chance.
#[test]
fn answering_what_is_predictable_fools_nobody_with_a_secret() {
    let world = World::new(64, Expansion::Double);
    let layout = world.layout();
    let samples = sampling::samples(&layout, Strategy::Uniform, Miss::of_bits(10));
    let public = Sampler::new(Secret::new([0; 32]));
    let mut withheld: BTreeSet<Row> = (0..layout.rows() as u16).map(Row::new).collect();
    for row in public.rows(world.verifier.commitment(), &layout, Strategy::Uniform, layout.data_rows() - 1) {
        withheld.remove(&row);
    }
    assert_eq!(withheld.len(), layout.rows() - layout.data_rows() + 1, "nothing can be restored");
    assert!(world.fools(&public, &withheld, Strategy::Uniform, samples));
    let mut chance = Chance::new(13);
    let fooled =
        (0..10_000).filter(|_| world.fools(&World::secret(&mut chance), &withheld, Strategy::Uniform, samples)).count();
    assert!(fooled < 30, "{fooled} of 10,000 at 2^-10");
}

#[test]
fn confidence_and_samples_are_each_others_inverse() {
    for (data_rows, expansion) in [(1, Expansion::Double), (7, Expansion::Quadruple), (256, Expansion::Double)] {
        let layout = Layout::new(data_rows, 256, expansion).unwrap();
        for strategy in [Strategy::Uniform, Strategy::Stratified] {
            for bits in [1, 10, 20, 40] {
                let samples = sampling::samples(&layout, strategy, Miss::of_bits(bits));
                assert!(sampling::miss(&layout, strategy, samples) <= Miss::of_bits(bits) || samples == layout.rows());
                assert!(samples == 0 || sampling::miss(&layout, strategy, samples - 1) > Miss::of_bits(bits));
            }
        }
        assert_eq!(sampling::miss(&layout, Strategy::Uniform, layout.data_rows()).get(), 0, "k rows are not withheld");
    }
    let layout = Layout::new(256, 32_768, Expansion::Quadruple).unwrap();
    assert_eq!(sampling::samples(&layout, Strategy::Uniform, Miss::of_bits(40)), 20);
}

#[test]
fn samples_are_distinct_and_each_rows_turn_comes() {
    let layout = Layout::new(24, 256, Expansion::Double).unwrap();
    let commitment = World::new(24, Expansion::Double).verifier.commitment();
    let mut chance = Chance::new(14);
    for strategy in [Strategy::Uniform, Strategy::Stratified, Strategy::Adaptive] {
        let mut drawn = vec![0u32; layout.rows()];
        for _ in 0..4_800 {
            let rows = World::secret(&mut chance).rows(commitment, &layout, strategy, 12);
            assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), 12);
            rows.iter().for_each(|row| drawn[usize::from(row.get())] += 1);
        }
        assert!(drawn.iter().all(|count| (1_050..1_350).contains(count)), "{strategy:?} {drawn:?}");
        let all = World::secret(&mut chance).rows(commitment, &layout, strategy, 1_000);
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), layout.rows());
    }
}
