// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Assumption, IVerifier} from "../interfaces/IVerifier.sol";

/// @notice What ZisK's verifier on a chain answers to.
interface IZisk {
    function verifySnarkProof(
        bytes32 programVK,
        bytes32 rootCVadcopFinal,
        bytes calldata publicValues,
        bytes calldata proofBytes
    ) external view;
}

/// @title Asks ZisK's own contract on this chain.
/// @notice ZisK's programs have 64 outputs of 8 bytes. The words of SPEC B-30 are the first of them, zeros the rest; and a proof is 24
/// words of Plonk.
contract ZiskVerifier is IVerifier {
    uint256 private constant OUTPUT_BYTES = 512;
    uint256 private constant LENGTH = 768;

    IZisk public immutable zisk;
    /// The root of the recursion's last circuit, one for each of ZisK's setups.
    bytes32 public immutable recursionRoot;

    constructor(IZisk zisk_, bytes32 recursionRoot_) {
        zisk = zisk_;
        recursionRoot = recursionRoot_;
    }

    function verify(bytes32 program, bytes calldata publicValues, bytes calldata proof) external view {
        if (proof.length != LENGTH) revert Verifier_ProofLength(LENGTH, proof.length);
        bytes memory outputs = bytes.concat(publicValues, new bytes(OUTPUT_BYTES - publicValues.length));
        zisk.verifySnarkProof(program, recursionRoot, outputs, proof);
    }

    function assumption() external pure returns (Assumption) {
        return Assumption.Ceremony;
    }
}
