// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Assumption, IVerifier} from "../interfaces/IVerifier.sol";

/// @title Believes whoever executed a batch. For development: a production registry refuses it.
/// @notice The "proof" is the hash of program and public values, so that a mistaken call is still noticed.
contract DevelopmentVerifier is IVerifier {
    function verify(bytes32 key, bytes calldata publicValues, bytes calldata proof) external pure {
        if (proof.length != 32) revert Verifier_ProofLength(32, proof.length);
        if (bytes32(proof) != sha256(bytes.concat(key, publicValues))) revert Verifier_InvalidProof();
    }

    function assumption() external pure returns (Assumption) {
        return Assumption.Development;
    }
}
