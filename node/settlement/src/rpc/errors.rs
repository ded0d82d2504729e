use alloy::primitives::Bytes;
use alloy::transports::{RpcError, TransportError};

use crate::l1::L1Error;

/// Phrases of the pools of geth, reth, ethrex, Nethermind, Besu, Erigon and anvil, lower case, and what they mean.
const PHRASES: [(&str, Meaning); 31] = [
    ("already known", Meaning::Known),
    ("already imported", Meaning::Known),
    ("known transaction", Meaning::Known),
    ("alreadyknown", Meaning::Known),
    ("already in mempool", Meaning::Known),
    ("already exists", Meaning::Known),
    ("replacement transaction underpriced", Meaning::Underpriced),
    ("underpriced", Meaning::Underpriced),
    ("fee too low", Meaning::Underpriced),
    ("feetoolow", Meaning::Underpriced),
    ("less than block base fee", Meaning::Underpriced),
    ("max fee per gas less than", Meaning::Underpriced),
    ("replacementnotallowed", Meaning::Underpriced),
    ("tip too low", Meaning::Underpriced),
    ("nonce too low", Meaning::NonceTooLow),
    ("nonce is too low", Meaning::NonceTooLow),
    ("oldnonce", Meaning::NonceTooLow),
    ("invalid nonce", Meaning::NonceTooLow),
    ("nonce already used", Meaning::NonceTooLow),
    ("pool is full", Meaning::Full),
    ("% full", Meaning::Full),
    ("queued (future-nonce)", Meaning::Full),
    ("exceeded queue limit", Meaning::Full),
    ("overshotqueuelimit", Meaning::Full),
    ("exceeds balance", Meaning::Funds),
    ("insufficient funds", Meaning::Funds),
    ("insufficientfunds", Meaning::Funds),
    ("not enough balance", Meaning::Funds),
    ("not enough funds", Meaning::Funds),
    ("execution reverted", Meaning::Revert),
    ("revert", Meaning::Revert),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    Known,
    Underpriced,
    NonceTooLow,
    Funds,
    /// It has no room now, for this sender or for anybody.
    Full,
    Revert,
}

/// What a caller must do about what the endpoint answered.
pub(super) fn sort(endpoint: &str, what: &'static str, error: TransportError) -> L1Error {
    let transport = |reason: String| L1Error::Transport { endpoint: endpoint.to_owned(), what, reason };
    let RpcError::ErrorResp(payload) = &error else { return transport(error.to_string()) };
    let reason = payload.message.to_string();
    let data = payload.as_revert_data().unwrap_or_default();
    // Limits of use and faults inside the endpoint are its own, whatever they call them.
    if matches!(payload.code, -32005 | -32603 | -32601 | 429) && data.is_empty() && meaning(&reason).is_none() {
        return transport(reason);
    }
    sort_words(what, reason, data).unwrap_or_else(transport)
}

fn meaning(reason: &str) -> Option<Meaning> {
    let words = reason.to_lowercase();
    PHRASES.iter().find(|(phrase, _)| words.contains(phrase)).map(|(_, meaning)| *meaning)
}

/// The same by the words alone; those of a read that mean nothing known are the endpoint's fault.
fn sort_words(what: &'static str, reason: String, data: Bytes) -> Result<L1Error, String> {
    if !data.is_empty() {
        return Ok(L1Error::Revert { reason: revert_text(&data, &reason), data });
    }
    Ok(match meaning(&reason) {
        Some(Meaning::Known) => L1Error::AlreadyKnown,
        Some(Meaning::Underpriced) => L1Error::Underpriced { reason },
        Some(Meaning::NonceTooLow) => L1Error::NonceTooLow { reason },
        Some(Meaning::Funds) => L1Error::Funds { reason },
        Some(Meaning::Full) => return Err(reason),
        Some(Meaning::Revert) => L1Error::Revert { data, reason },
        None if what == "send" => L1Error::Rejected { reason },
        None if ["not found", "unknown block", "not canonical", "header not found"]
            .iter()
            .any(|p| reason.contains(p)) =>
        {
            L1Error::Missing { what }
        }
        None => return Err(reason),
    })
}

/// The error of a contract by its name, if it is one of ours, or the text of a plain `require`.
fn revert_text(data: &Bytes, otherwise: &str) -> String {
    use alloy::sol_types::SolInterface;
    use ashlar_contracts::abi::{IBridge, ISettlement, IVerifierRegistry};
    if let Ok(error) = ISettlement::ISettlementErrors::abi_decode(data) {
        return format!("{error:?}");
    }
    if let Ok(error) = IBridge::IBridgeErrors::abi_decode(data) {
        return format!("{error:?}");
    }
    if let Ok(error) = IVerifierRegistry::IVerifierRegistryErrors::abi_decode(data) {
        return format!("{error:?}");
    }
    alloy::sol_types::decode_revert_reason(data).unwrap_or_else(|| otherwise.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::l1::Advice;

    #[test]
    fn pools_words_are_sorted_by_what_to_do() {
        let table = [
            ("already known", Advice::Done),
            ("ALREADY_EXISTS: already known", Advice::Done),
            ("replacement transaction underpriced", Advice::Bump),
            ("transaction underpriced: gas tip cap 1, minimum needed 1000000", Advice::Bump),
            ("max fee per gas less than block base fee", Advice::Bump),
            ("nonce too low: next nonce 5, tx nonce 4", Advice::Resolve),
            ("OldNonce", Advice::Resolve),
            ("insufficient funds for gas * price + value", Advice::Retry),
            ("Nonce already used", Advice::Resolve),
            ("Attempted to replace a pooled transaction with an underpriced transaction", Advice::Bump),
            ("Sender's cumulative pending-tx cost (9) exceeds balance (8)", Advice::Retry),
            ("execution reverted: paused", Advice::GiveUp),
            ("intrinsic gas too low", Advice::GiveUp),
            ("exceeds block gas limit", Advice::GiveUp),
        ];
        for (words, advice) in table {
            let error = sort_words("send", words.to_owned(), Bytes::new()).unwrap();
            assert_eq!(error.advice(), advice, "{words}: {error}");
        }
        for full in [
            "txpool is full",
            "Mempool 91% full; rejecting gapped-nonce tx (nonce gap = 3)",
            "Sender 0x01 has 64 queued (future-nonce) transactions (per-account cap 64); rejecting new future transaction",
        ] {
            assert!(
                sort_words("send", full.to_owned(), Bytes::new()).is_err(),
                "{full}: it is asked again and not given up"
            );
        }
        assert!(sort_words("a block", "we are busy".into(), Bytes::new()).is_err());
    }
}
