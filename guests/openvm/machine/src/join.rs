//! Proofs of segments, joined into one.

use std::sync::Arc;

use ashlar_prover_wire::{Failure, FailureKind, Watch};
use openvm_circuit::arch::ContinuationVmProof;
use openvm_continuations::prover::{ChildVkKind, InnerCpuProver};
use openvm_stark_backend::keygen::types::MultiStarkVerifyingKey;
use openvm_stark_backend::proof::Proof;
use openvm_stark_sdk::config::{internal_params_with_100_bits_security, leaf_params_with_100_bits_security};
use openvm_verify_stark_host::VmStarkProof;

use crate::{SC, Stark};

/// Proofs of segments that one proof can take in, and proofs of such proofs.
const SEGMENTS: usize = 4;
const PROOFS: usize = 3;
/// Proofs of segments that one is given: each takes nearly two gigabytes of memory, beside some three.
const SEGMENTS_AT_ONCE: usize = 2;

/// Three circuits that verify proofs: of segments; of proofs by the first; of proofs by the second or by itself.
pub(crate) struct Joiner {
    leaf: InnerCpuProver<SEGMENTS>,
    internal: InnerCpuProver<PROOFS>,
    recursive: InnerCpuProver<PROOFS>,
}

/// How many proofs are left when each takes in so many.
const fn after(proofs: u64, taken: usize) -> u64 {
    proofs.div_ceil(taken as u64)
}

/// The proofs to be made after those of so many segments.
pub(crate) fn steps(segments: u64) -> u64 {
    let leaves = after(segments, SEGMENTS_AT_ONCE);
    let mut left = after(leaves, PROOFS);
    // One more at the end, which makes the proof smaller.
    let mut steps = leaves + left + 1;
    loop {
        left = after(left, PROOFS);
        steps += left;
        if left <= 1 {
            return steps;
        }
    }
}

/// Counts what is done, and stops when nobody wants it any more.
struct Steps<'a> {
    watch: &'a Watch,
    done: u64,
    of: u64,
}

impl Steps<'_> {
    fn layer<const N: usize>(
        &mut self,
        prover: &InnerCpuProver<N>,
        kind: ChildVkKind,
        proofs: &[Proof<SC>],
        at_once: usize,
    ) -> Result<Vec<Proof<SC>>, Failure> {
        let prove = |proofs: &[Proof<SC>]| {
            self.watch.check()?;
            self.watch.progress(self.done, self.of, "joining");
            self.done += 1;
            let failed = |error| Failure::new(FailureKind::Backend, format!("joining proofs failed: {error}"));
            prover.agg_prove_no_def::<Stark>(proofs, kind).map_err(failed)
        };
        proofs.chunks(at_once).map(prove).collect()
    }
}

impl Joiner {
    /// Over the key of the machine. Takes some twenty seconds.
    pub(crate) fn new(machine: Arc<MultiStarkVerifyingKey<SC>>) -> Joiner {
        let (leaf_params, params) = (leaf_params_with_100_bits_security(), internal_params_with_100_bits_security());
        let leaf = InnerCpuProver::<SEGMENTS>::new::<Stark>(machine, leaf_params, false, None);
        let internal = InnerCpuProver::<PROOFS>::new::<Stark>(leaf.get_vk(), params.clone(), false, None);
        let recursive = InnerCpuProver::<PROOFS>::new::<Stark>(internal.get_vk(), params, true, None);
        Joiner { leaf, internal, recursive }
    }

    pub(crate) const fn leaf(&self) -> &InnerCpuProver<SEGMENTS> {
        &self.leaf
    }

    pub(crate) const fn internal(&self) -> &InnerCpuProver<PROOFS> {
        &self.internal
    }

    pub(crate) const fn recursive(&self) -> &InnerCpuProver<PROOFS> {
        &self.recursive
    }

    /// One proof of all.
    pub(crate) fn join(&self, proofs: ContinuationVmProof<SC>, watch: &Watch) -> Result<VmStarkProof, Failure> {
        let ContinuationVmProof { per_segment, user_public_values } = proofs;
        let segments = per_segment.len() as u64;
        let mut steps = Steps { watch, done: segments, of: segments + steps(segments) };
        let leaves = steps.layer(&self.leaf, ChildVkKind::App, &per_segment, SEGMENTS_AT_ONCE)?;
        drop(per_segment);
        let inner = steps.layer(&self.internal, ChildVkKind::Standard, &leaves, PROOFS)?;
        let mut left = steps.layer(&self.recursive, ChildVkKind::Standard, &inner, PROOFS)?;
        while left.len() > 1 {
            left = steps.layer(&self.recursive, ChildVkKind::RecursiveSelf, &left, PROOFS)?;
        }
        // Once more, because a proof of the last circuit about itself is smaller.
        let mut left = steps.layer(&self.recursive, ChildVkKind::RecursiveSelf, &left, PROOFS)?;
        let inner = left.pop().ok_or_else(|| Failure::new(FailureKind::Backend, "an execution without segments"))?;
        Ok(VmStarkProof { inner, user_pvs_proof: user_public_values, deferral_merkle_proofs: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_as_they_are_done() {
        // Leaves, proofs of them, the circuit that verifies itself as often as needed, and once more.
        for (segments, expected) in
            [(1, 1 + 1 + 1 + 1), (2, 4), (5, 3 + 1 + 1 + 1), (13, 7 + 3 + 1 + 1), (40, 20 + 7 + 3 + 1 + 1)]
        {
            assert_eq!(steps(segments), expected, "{segments}");
        }
    }
}
