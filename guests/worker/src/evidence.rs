//! What a coordinator sends of batches, as a guest is given it.

use ashlar_prover_evidence::{EvidenceError, pack};
use ashlar_prover_wire::{Evidence, Failure, FailureKind};

/// The words of a guest's input. What the guest would refuse is told from what cannot be read.
pub fn packed(evidence: &[Evidence]) -> Result<Vec<u64>, Failure> {
    pack(evidence).map_err(|error| match error {
        EvidenceError::Guest(_) => Failure::new(FailureKind::Refused, error),
        EvidenceError::Header { .. } | EvidenceError::Witness(_) | EvidenceError::Lists { .. } => {
            Failure::new(FailureKind::Malformed, error)
        }
    })
}

/// Refuses an execution of more cycles than are taken, where there is a limit: 0 is none.
pub fn check_cycles(cycles: u64, max: u64) -> Result<(), Failure> {
    if max != 0 && cycles > max {
        let why = format!(
            "{cycles} cycles, where this worker takes {max}; cut the batch, or start the worker with a larger --cycles-max"
        );
        return Err(Failure::new(FailureKind::TooLarge, why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_from_what_is_wrong() {
        let evidence = ashlar_guest_batches::batch_of_kind(ashlar_guest_batches::Kind::Deposit, 1, 0).evidence();
        assert!(packed(std::slice::from_ref(&evidence)).is_ok());
        let cut = Evidence { header: evidence.header[1..].to_vec(), ..evidence };
        assert_eq!(packed(&[cut]).expect_err("it is no header").kind, FailureKind::Malformed);
    }

    #[test]
    fn no_limit_is_none() {
        assert!(check_cycles(u64::MAX, 0).is_ok() && check_cycles(5, 5).is_ok());
        let failure = check_cycles(6, 5).expect_err("it is more");
        assert!(failure.kind == FailureKind::TooLarge && failure.detail.contains("--cycles-max"), "{failure}");
    }
}
