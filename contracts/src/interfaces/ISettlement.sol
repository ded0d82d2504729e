// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Header} from "./Header.sol";

/// @notice How a batch's data was published.
enum DataKind {
    /// In the calldata of the commit; the contract recomputed the data root.
    Calldata,
    /// With custodians of whom enough signed for the DA commitment, which the contract derived from the data root.
    Custody,
    /// In blobs that nothing here binds to the data root. Refused in production.
    UnboundBlobs
}

/// @notice That coded data is held: how the DA commitment follows from the data root (SPEC B-24), and who signed for it.
struct CustodyProof {
    /// Levels of the tree over the data rows.
    uint8 height;
    /// The right siblings above the data root, lowest first; at most three.
    bytes32[] siblings;
    /// 65 bytes each (r, s, v), in ascending order of the signers' addresses.
    bytes signatures;
}

/// @notice How a settlement contract begins.
struct SettlementParameters {
    address governance;
    address registry;
    address bridge;
    address incidents;
    address operator;
    /// The version of the genesis header.
    uint32 version;
    /// The state in which the exchange begins.
    bytes32 stateRoot;
    /// The time of genesis in milliseconds.
    uint64 genesisTime;
    /// Seconds by which a batch may be ahead of L1's clock.
    uint32 driftSeconds;
    /// Who may sign for data, ascending.
    address[] custodians;
    /// How many of them must.
    uint8 custodyThreshold;
}

/// @notice The chain of batches on L1: commit, prove, finalize.
interface ISettlement {
    event BatchCommitted(uint64 indexed number, bytes32 indexed headerHash, Header header, DataKind kind, bytes32[] blobs);
    event BatchesProven(uint8 indexed proofType, uint64 first, uint64 last, bytes32 lastHash);
    event BatchesFinalized(uint64 first, uint64 last, bytes32 stateRoot, uint64 inboxNext);
    event BatchesReverted(uint64 first, uint64 last);
    event ContradictionProven(uint64 indexed number, uint8 proofType, bytes32 committedHash, bytes32 provenHash);
    event Paused(address indexed by, uint48 since, uint48 until);
    event Unpaused(address indexed by, uint48 time);
    event OperatorChanged(address indexed operator);
    event CustodiansChanged(address[] custodians, uint8 threshold);
    event DriftChanged(uint32 driftSeconds);

    error Settlement_NotOperator(address caller);
    error Settlement_NotGovernance(address caller);
    error Settlement_NotGuardian(address caller);
    error Settlement_Paused(uint48 until);
    error Settlement_Frozen();
    error Settlement_RootFixed();
    error Settlement_Version(uint32 expected, uint32 got);
    error Settlement_Exchange(bytes32 expected, bytes32 got);
    error Settlement_Number(uint64 expected, uint64 got);
    error Settlement_Parent(bytes32 expected, bytes32 got);
    error Settlement_State(bytes32 expected, bytes32 got);
    error Settlement_Sequence(uint64 expected, uint64 first, uint64 next);
    error Settlement_Time(uint64 parentLast, uint64 first, uint64 last);
    error Settlement_TimeAhead(uint64 max, uint64 got);
    error Settlement_InboxBackwards(uint64 parentNext, uint64 got);
    error Settlement_InboxHash(bytes32 expected, bytes32 got);
    error Settlement_Withdrawals(uint64 parentNext, uint64 got, bytes32 root);
    error Settlement_Digest(bytes32 got);
    error Settlement_DataRoot(bytes32 expected, bytes32 got);
    error Settlement_DaCommitment(bytes32 expected, bytes32 got);
    error Settlement_NoBlobs();
    error Settlement_UnboundBlobs();
    error Settlement_PipelineFull(uint64 max);
    error Settlement_NotCommitted(uint64 committed, uint64 got);
    error Settlement_Cursor(uint64 expected, uint64 got);
    error Settlement_EmptyRange();
    error Settlement_MixedVersions(uint32 first, uint32 last);
    error Settlement_Unproven(uint8 proofType, uint64 proven, uint64 wanted);
    error Settlement_NothingToFinalize(uint64 finalized, uint64 got);
    error Settlement_HeaderMismatch(bytes32 expected, bytes32 got);
    error Settlement_RevertRange(uint64 finalized, uint64 committed, uint64 got);
    error Settlement_NoContradiction();
    error Settlement_DevelopmentProof();
    error Settlement_ExitTime(uint256 exitTime, uint256 delay);
    error Settlement_ZeroAddress();

    /// @notice Commits a batch whose bytes are in the call; only the operator.
    function commitCalldata(Header calldata header, bytes calldata content) external;

    /// @notice Commits a batch whose data custodians hold; only the operator.
    function commitCustody(Header calldata header, CustodyProof calldata custody) external;

    /// @notice Commits a batch whose data is in this transaction's blobs; only the operator, never in production.
    function commitBlobs(Header calldata header) external;

    /// @notice Proves the next `count` batches, beginning with `first`, by one proof. Anyone may.
    function prove(uint8 proofType, uint64 first, uint32 count, bytes calldata proof) external;

    /// @notice Makes all batches up to this header's final, and their withdrawals claimable. Anyone may.
    function finalize(Header calldata last) external;

    /// @notice Takes back all batches above `kept`, the header of the batch that stays last; the operator or governance. A batch
    /// that is final cannot be taken back.
    function revertTo(Header calldata kept) external;

    /// @notice Shows that from the inputs of a committed batch something else was proven. Anyone may; it pauses.
    function contradict(uint8 proofType, Header calldata committed, Header calldata proven, bytes calldata proof) external;

    /// @notice Pauses commit, prove and finalize for so many seconds; the security council or governance.
    function pause(uint32 duration) external;

    /// @notice Ends a pause; the security council or governance.
    function unpause() external;

    function setOperator(address operator) external;
    function setCustodians(address[] calldata custodians, uint8 threshold) external;
    function setDrift(uint32 driftSeconds) external;

    function exchangeId() external view returns (bytes32);
    function committed() external view returns (uint64);
    function finalized() external view returns (uint64);
    function finalizedState() external view returns (bytes32);
    function finalizedInbox() external view returns (uint64);
    function headerHash(uint64 number) external view returns (bytes32);
    function proven(uint8 proofType) external view returns (uint64);
    function versionOf(uint64 number) external view returns (uint32);

    /// @notice The withdrawals of a final batch: the root of their tree, zero if there are none or the batch is not final, and
    /// the index of the first.
    function withdrawals(uint64 number) external view returns (bytes32 root, uint64 first);

    function operator() external view returns (address);
    function governance() external view returns (address);
    function registry() external view returns (address);
    function bridge() external view returns (address);
    function incidents() external view returns (address);
    function custodians() external view returns (address[] memory members, uint8 threshold);
    function driftSeconds() external view returns (uint32);
    function paused() external view returns (bool);

    /// @notice Seconds of pause since a time, in seconds of L1.
    function pausedSince(uint256 time) external view returns (uint256);
}
