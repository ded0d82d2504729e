// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IIncidentLog} from "./interfaces/IIncidentLog.sol";

/// @title Incidents, for ever.
/// @notice It has no owner, so nobody can keep an entry out or take one back. Who reads it asks who reported (SPEC S-27).
contract IncidentLog is IIncidentLog {
    uint64 public count;
    mapping(uint64 count => bytes32 hash) public hashAt;

    function record(bytes32 kind, bytes32 evidence) external returns (uint64 index) {
        index = count;
        bytes32 hash = sha256(abi.encode(hashAt[index], msg.sender, block.timestamp, kind, evidence));
        hashAt[index + 1] = hash;
        count = index + 1;
        emit IncidentRecorded(index, msg.sender, kind, evidence, hash);
    }
}
