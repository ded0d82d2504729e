//! Whatever an honest node does is accepted: many batches of flows that look for corners, and of a busy day.
//!
//! The flows' keys are made up, so signatures are taken on trust here and nothing else is.

use ashlar_batch::{PublicValues, data_root};
use ashlar_guest::{Platform, check};
use ashlar_harness::Genesis;
use ashlar_harness::flow::{Adversary, Flow, Random, Realistic, Shape};
use ashlar_state::Sha256Node;
use ashlar_types::Address;
use ashlar_types::sign::{Curve, Native, SignatureError};

use crate::mutations::{Change, mutate};
use crate::support::Node;

/// Believes every signature.
struct Trusting(TrustingCurve);

struct TrustingCurve;

impl Platform for Trusting {
    type Node = Sha256Node;
    type Curve = TrustingCurve;

    fn curve(&mut self) -> &mut TrustingCurve {
        &mut self.0
    }

    fn recover(&mut self, _: &[u8; 32], signature: &[u8; 65]) -> Result<Address, SignatureError> {
        Ok(Address(*signature.first_chunk().expect("65 bytes begin with 20")))
    }
}

impl Curve for TrustingCurve {
    type Scalar = ();
    type Point = ();
    type Sum = ();

    fn sha256(&mut self, prefix: &[u8; 64], parts: &[&[u8]]) -> [u8; 32] {
        Native.sha256(prefix, parts)
    }
    fn scalar(&self, _: &[u8; 32]) -> Option<()> {
        Some(())
    }
    fn scalar_reduced(&self, _: &[u8; 32]) {}
    fn scalar_bytes(&self, (): &()) -> [u8; 32] {
        [0; 32]
    }
    fn multiply_add(&self, (): &(), (): &(), (): &()) {}
    fn negate(&self, (): &()) {}
    fn lift_x(&mut self, _: &[u8; 32]) -> Option<()> {
        Some(())
    }
    fn generator(&self) {}
    fn add(&self, (): &mut (), (): &()) {}
    fn subtract(&self, (): &mut (), (): &()) {}
    fn add_sum(&self, (): &mut (), (): &()) {}
    fn double(&self, (): &mut ()) {}
    fn is_infinity(&self, (): &()) -> bool {
        true
    }
}

fn run(genesis: &Genesis, stream: &mut dyn Flow, batches: usize) {
    let mut node = Node::with(genesis);
    let mut commands = 0;
    for number in 0..batches {
        let inputs = [1, 2, 7, 40, 250, 600, 3][number % 7];
        let Some(batch) = node.seal_stream(stream, inputs) else { continue };
        commands += batch.receipts.len();
        let values = check(&batch.input(), &mut Trusting(TrustingCurve));
        assert_eq!(values, Ok(PublicValues::of(&batch.header)), "seed {}, batch {number}", stream.seed());
    }
    assert!(commands > 10 * batches, "{commands} commands in {batches} batches are too few to say anything");
}

fn batches() -> usize {
    std::env::var("GUEST_BATCHES").map_or(21, |text| text.parse().expect("a number"))
}

#[test]
fn what_an_adversary_makes_an_honest_node_do_is_accepted() {
    for seed in 1..=4 {
        run(&Adversary::genesis(), &mut Adversary::new(seed), batches());
    }
}

#[test]
fn a_busy_day_is_accepted() {
    let mut flow = Realistic::new(Shape::mixed(1, 5, 200));
    let genesis = flow.genesis();
    run(&genesis, &mut flow, batches());
}

/// With signatures believed, wrong batch bytes and wrong leaves get as far as they can.
#[test]
fn no_change_of_an_adversarys_batch_panics_or_says_what_is_not_so() {
    let (mut node, mut random) = (Node::with(&Adversary::genesis()), Random::new(7));
    let mut stream = Adversary::new(5);
    for _ in 0..batches() {
        let Some(right) = node.seal_stream(&mut stream, 60) else { continue };
        for _ in 0..60 {
            let mut wrong = right.clone();
            for _ in 0..random.halving(4) {
                let change = match random.below(5) {
                    0 => Change::Set(random.below(300)),
                    1 => Change::Set(random.bits()),
                    2 => Change::Swap(random.bits() as usize),
                    3 => Change::Drop,
                    _ => Change::Turn(random.bits() as u8),
                };
                mutate(&mut wrong, random.below(12) as u8, random.bits() as usize, &change);
            }
            if random.permille(700)
                && let Ok(root) = data_root(&wrong.batch)
            {
                wrong.header.data_root = root;
            }
            if let Ok(values) = check(&wrong.input(), &mut Trusting(TrustingCurve)) {
                // Other bytes may say something else that comes to the same, as long as nobody's signature is missed.
                assert_eq!(values, PublicValues::of(&wrong.header));
                assert_eq!(wrong.header == right.header, wrong.batch == right.batch);
            }
        }
    }
}
