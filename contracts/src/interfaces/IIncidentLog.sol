// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What went wrong, for ever: an entry can be added by anyone and removed by nobody; each is chained to the one before.
interface IIncidentLog {
    event IncidentRecorded(uint64 indexed index, address indexed reporter, bytes32 indexed kind, bytes32 evidence, bytes32 hash);

    /// @notice Records that something of a kind happened, and the hash of the evidence.
    function record(bytes32 kind, bytes32 evidence) external returns (uint64 index);

    function count() external view returns (uint64);
    /// @notice The chained hash over all entries before `count`.
    function hashAt(uint64 count) external view returns (bytes32);
}
