//! What a guest is given.

use ashlar_batch::BatchHeader;
use ashlar_state::WitnessView;
use ashlar_types::Deployment;

/// Everything about one batch, wherever it lies. Only the headers and the deployment reach the public values.
#[derive(Clone, Copy, Debug)]
pub struct GuestInput<'a> {
    /// Where the exchange settles: its hash is the exchange id, and wallets sign under it.
    pub deployment: Deployment,
    /// The header before.
    pub parent: BatchHeader,
    /// The header that is claimed for this batch.
    pub header: BatchHeader,
    /// The bytes of the batch, without what fills the last row.
    pub batch: &'a [u8],
    /// One signature for each message (B-25).
    pub signatures: &'a [u8],
    /// The leaves that the batch touches.
    pub witness: WitnessView<'a>,
    /// The orders of accounts, wherever execution asks for all of them (U-7).
    pub lists: &'a [u64],
}
