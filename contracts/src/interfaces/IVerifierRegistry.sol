// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IVerifier} from "./IVerifier.sol";

/// @notice A program that may prove batches of a version, and who checks its proofs.
struct Program {
    /// Which proof it makes; each type has its own cursor in Settlement.
    uint8 proofType;
    /// SHA-256 of the program's ELF.
    bytes32 programHash;
    /// Who checks.
    IVerifier verifier;
    /// The program, as the verifier names it.
    bytes32 key;
}

/// @notice When a version begins.
struct Activation {
    uint32 version;
    /// The first batch that has it.
    uint64 fromBatch;
    /// The L1 time before which it does not begin, in seconds.
    uint48 notBefore;
}

/// @notice Which programs may prove which version of the rules, who checks them, and which proofs a batch needs. A version is
/// written once and never changes, so whatever names a version has pinned all of this.
interface IVerifierRegistry {
    event VersionScheduled(uint32 indexed version, uint64 fromBatch, uint48 notBefore, uint256 required, Program[] programs);
    event VersionCancelled(uint32 indexed version);

    error Registry_NotGovernance(address caller);
    error Registry_VersionOrder(uint32 latest, uint32 got);
    error Registry_TooSoon(uint48 earliest, uint48 got);
    error Registry_BatchOrder(uint64 latest, uint64 got);
    error Registry_NoProgram(uint32 version, uint8 proofType);
    error Registry_ProgramTwice(uint8 proofType);
    error Registry_ProofType(uint8 proofType);
    error Registry_NoPolicy();
    error Registry_NoCode(address verifier);
    error Registry_DevelopmentVerifier(address verifier);
    error Registry_AlreadyActive(uint32 version);
    error Registry_TooManyPrograms(uint256 max, uint256 got);

    /// @notice Announces the next version; only governance.
    function scheduleVersion(
        uint32 version,
        uint64 fromBatch,
        uint48 notBefore,
        uint256 required,
        Program[] calldata programs
    ) external;

    /// @notice Takes back the latest version before its time; only governance.
    function cancelVersion(uint32 version) external;

    /// @notice The version that a batch committed now must have.
    function versionFor(uint64 batch) external view returns (uint32);

    /// @notice The proofs that a batch of the version needs: bit i for proof type i.
    function required(uint32 version) external view returns (uint256 mask);

    /// @notice Returns if the proof shows the public values by the version's program of that type; reverts otherwise.
    function verify(uint32 version, uint8 proofType, bytes calldata publicValues, bytes calldata proof) external view;

    /// @notice The program of a version and proof type.
    function program(uint32 version, uint8 proofType) external view returns (Program memory);

    /// @notice Who checks a program, found by its hash.
    function verifierOf(bytes32 programHash) external view returns (IVerifier verifier, bytes32 key);

    /// @notice All announced versions, the first one first.
    function activations() external view returns (Activation[] memory);

    /// @notice Whether development verifiers and unbound data are refused.
    function production() external view returns (bool);

    /// @notice Seconds between the announcement of a version and its beginning, at least.
    function activationDelay() external view returns (uint48);
}
