//! Which version begins when, as the registry on L1 lists it (SPEC S-20).

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use ashlar_contracts::abi::IVerifierRegistry;
use ashlar_types::BatchNumber;

use crate::l1::{BlockAt, Call, L1, L1Error};

/// When a version begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Activation {
    /// Which.
    pub version: u32,
    /// The first batch that has it.
    pub from_batch: BatchNumber,
    /// The L1 time before which it does not begin, in seconds.
    pub not_before: u64,
}

/// Every version that a registry has announced and not taken back, at this block, the first one first.
pub async fn activations<L: L1>(l1: &L, registry: Address, at: BlockAt) -> Result<Vec<Activation>, L1Error> {
    let data: Bytes = IVerifierRegistry::activationsCall {}.abi_encode().into();
    let call = Call { from: Address::ZERO, to: Some(registry), value: U256::ZERO, data };
    let answer = l1.call(&call, at).await?;
    let listed = IVerifierRegistry::activationsCall::abi_decode_returns(&answer);
    let listed = listed.map_err(|_| L1Error::Missing { what: "the list of versions of the registry" })?;
    let read = listed.into_iter().map(|one| Activation {
        version: one.version,
        from_batch: BatchNumber::new(one.fromBatch),
        not_before: one.notBefore.to::<u64>(),
    });
    Ok(read.collect())
}
