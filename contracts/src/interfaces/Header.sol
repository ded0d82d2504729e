// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What L1 knows of one batch (SPEC B-26). Digests are 27 bytes, left-aligned, five zero bytes behind them.
struct Header {
    uint32 version;
    bytes32 exchangeId;
    uint64 number;
    bytes32 parentHash;
    bytes32 stateBefore;
    bytes32 stateAfter;
    bytes32 dataRoot;
    bytes32 daCommitment;
    bytes32 signaturesRoot;
    bytes32 receiptsRoot;
    bytes32 withdrawalsRoot;
    uint64 withdrawalsNext;
    uint64 inboxNext;
    bytes32 inboxHash;
    uint64 firstSequence;
    uint64 nextSequence;
    uint64 firstTime;
    uint64 lastTime;
}

/// @notice What a proof exposes (SPEC B-30).
struct PublicValues {
    uint32 version;
    bytes32 exchangeId;
    bytes32 parentHash;
    bytes32 lastHash;
    uint64 count;
}
