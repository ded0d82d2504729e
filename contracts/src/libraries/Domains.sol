// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What comes first in whatever is hashed or signed: 32 bytes, a name and zeros (SPEC G-1).
library Domains {
    bytes32 internal constant EXCHANGE_ID = "ashlar/exchange-id/1";
    bytes32 internal constant HEADER = "ashlar/header/1";
    bytes32 internal constant DATA_LEAF = "ashlar/data-leaf/1";
    bytes32 internal constant DATA_NODE = "ashlar/data-node/1";
    bytes32 internal constant WITHDRAWAL_LEAF = "ashlar/withdrawal-leaf/1";
    bytes32 internal constant WITHDRAWAL_NODE = "ashlar/withdrawal-node/1";
    bytes32 internal constant INBOX = "ashlar/inbox/1";
    bytes32 internal constant PUBLIC_VALUES = "ashlar/public-values/1";
    bytes32 internal constant ATTESTATION = "ashlar/attestation/1";
    bytes32 internal constant CUSTODY = "ashlar/custody/1";
}
