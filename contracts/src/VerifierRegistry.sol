// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Assumption, IVerifier} from "./interfaces/IVerifier.sol";
import {Activation, IVerifierRegistry, Program} from "./interfaces/IVerifierRegistry.sol";

/// @title Which programs prove which version, who checks them, and which proofs are needed.
/// @notice Guarantees: what was written for a version never changes once it has begun; in production no version has a verifier that
/// proves nothing (SPEC S-20 to S-22).
contract VerifierRegistry is IVerifierRegistry {
    /// Proof types, and so programs of a version.
    uint8 public constant PROOF_TYPES_MAX = 32;

    address public immutable governance;
    bool public immutable production;
    uint48 public immutable activationDelay;

    Activation[] private announced;
    mapping(uint32 version => uint256 mask) public required;
    mapping(uint32 version => mapping(uint8 proofType => Program)) private programs;
    mapping(bytes32 programHash => Program) private byHash;

    modifier onlyGovernance() {
        if (msg.sender != governance) revert Registry_NotGovernance(msg.sender);
        _;
    }

    /// @dev The first version begins at once.
    constructor(
        address governance_,
        bool production_,
        uint48 activationDelay_,
        uint32 version,
        uint256 required_,
        Program[] memory programs_
    ) {
        governance = governance_;
        production = production_;
        activationDelay = activationDelay_;
        _announce(Activation(version, 0, 0), required_, programs_);
    }

    function scheduleVersion(
        uint32 version,
        uint64 fromBatch,
        uint48 notBefore,
        uint256 required_,
        Program[] calldata programs_
    ) external onlyGovernance {
        Activation memory latest = announced[announced.length - 1];
        if (version <= latest.version) revert Registry_VersionOrder(latest.version, version);
        if (fromBatch <= latest.fromBatch) revert Registry_BatchOrder(latest.fromBatch, fromBatch);
        uint48 earliest = uint48(block.timestamp) + activationDelay;
        if (earliest < latest.notBefore) earliest = latest.notBefore;
        if (notBefore < earliest) revert Registry_TooSoon(earliest, notBefore);
        _announce(Activation(version, fromBatch, notBefore), required_, programs_);
    }

    function cancelVersion(uint32 version) external onlyGovernance {
        Activation memory latest = announced[announced.length - 1];
        if (version != latest.version) revert Registry_VersionOrder(latest.version, version);
        if (announced.length == 1 || block.timestamp >= latest.notBefore) revert Registry_AlreadyActive(version);
        announced.pop();
        // Its number is not used again by chance: a later version may take it only with programs of its own.
        for (uint8 proofType = 0; proofType < PROOF_TYPES_MAX; ++proofType) {
            delete programs[version][proofType];
        }
        delete required[version];
        emit VersionCancelled(version);
    }

    function _announce(Activation memory activation, uint256 required_, Program[] memory programs_) private {
        uint32 version = activation.version;
        if (required_ == 0) revert Registry_NoPolicy();
        if (programs_.length > PROOF_TYPES_MAX) revert Registry_TooManyPrograms(PROOF_TYPES_MAX, programs_.length);
        for (uint256 i = 0; i < programs_.length; ++i) {
            _addProgram(version, programs_[i]);
        }
        for (uint256 proofType = 0; required_ >> proofType != 0; ++proofType) {
            if ((required_ >> proofType) & 1 == 0) continue;
            if (proofType >= PROOF_TYPES_MAX || address(programs[version][uint8(proofType)].verifier) == address(0)) {
                revert Registry_NoProgram(version, uint8(proofType));
            }
        }
        required[version] = required_;
        announced.push(activation);
        emit VersionScheduled(version, activation.fromBatch, activation.notBefore, required_, programs_);
    }

    function _addProgram(uint32 version, Program memory added) private {
        if (added.proofType >= PROOF_TYPES_MAX) revert Registry_ProofType(added.proofType);
        Program storage slot = programs[version][added.proofType];
        if (address(slot.verifier) != address(0)) revert Registry_ProgramTwice(added.proofType);
        address verifier = address(added.verifier);
        if (verifier.code.length == 0) revert Registry_NoCode(verifier);
        if (production && added.verifier.assumption() == Assumption.Development) {
            revert Registry_DevelopmentVerifier(verifier);
        }
        programs[version][added.proofType] = added;
        byHash[added.programHash] = added;
    }

    function _begun(Activation memory activation, uint64 batch) private view returns (bool) {
        return batch >= activation.fromBatch && block.timestamp >= activation.notBefore;
    }

    function versionFor(uint64 batch) external view returns (uint32) {
        uint256 i = announced.length - 1;
        while (i > 0 && !_begun(announced[i], batch)) --i;
        return announced[i].version;
    }

    function verify(uint32 version, uint8 proofType, bytes calldata publicValues, bytes calldata proof) external view {
        Program storage found = programs[version][proofType];
        IVerifier verifier = found.verifier;
        if (address(verifier) == address(0)) revert Registry_NoProgram(version, proofType);
        verifier.verify(found.key, publicValues, proof);
    }

    function program(uint32 version, uint8 proofType) external view returns (Program memory found) {
        found = programs[version][proofType];
        if (address(found.verifier) == address(0)) revert Registry_NoProgram(version, proofType);
    }

    function verifierOf(bytes32 programHash) external view returns (IVerifier verifier, bytes32 key) {
        Program storage found = byHash[programHash];
        return (found.verifier, found.key);
    }

    function activations() external view returns (Activation[] memory) {
        return announced;
    }
}
