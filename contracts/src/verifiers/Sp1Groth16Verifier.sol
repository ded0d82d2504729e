// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Assumption, IVerifier} from "../interfaces/IVerifier.sol";
import {Groth16} from "../libraries/Groth16.sol";

/// @title Checks SP1's Groth16 proofs, here and now.
/// @notice A proof is: selector 4, exit code 32, root of the recursion keys 32, nonce 32, and the eight words of Groth16.
contract Sp1Groth16Verifier is IVerifier {
    error Sp1_ExitCode(uint256 got);
    error Sp1_RecursionRoot(bytes32 expected, bytes32 got);

    uint256 private constant LENGTH = 356;
    /// SP1 drops the three highest bits of the hash, so that it is a scalar.
    uint256 private constant HASH_MASK = (1 << 253) - 1;

    address public immutable key;
    bytes4 public immutable selector;
    bytes32 public immutable recursionRoot;

    constructor(address key_, bytes4 selector_, bytes32 recursionRoot_) {
        key = key_;
        selector = selector_;
        recursionRoot = recursionRoot_;
    }

    function verify(bytes32 program, bytes calldata publicValues, bytes calldata proof) external view {
        if (proof.length != LENGTH) revert Verifier_ProofLength(LENGTH, proof.length);
        if (bytes4(proof) != selector) revert Verifier_WrongSelector(selector, bytes4(proof));
        (uint256 exitCode, bytes32 root, uint256 nonce) = abi.decode(proof[4:100], (uint256, bytes32, uint256));
        if (exitCode != 0) revert Sp1_ExitCode(exitCode);
        if (root != recursionRoot) revert Sp1_RecursionRoot(recursionRoot, root);
        uint256[] memory inputs = new uint256[](5);
        inputs[0] = uint256(program);
        inputs[1] = uint256(sha256(publicValues)) & HASH_MASK;
        inputs[3] = uint256(root);
        inputs[4] = nonce;
        if (!Groth16.check(key, inputs, abi.decode(proof[100:], (uint256[8])))) revert Verifier_InvalidProof();
    }

    function assumption() external pure returns (Assumption) {
        return Assumption.Ceremony;
    }
}
