// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Assumption, IVerifier} from "../interfaces/IVerifier.sol";
import {Groth16} from "../libraries/Groth16.sol";

/// @title Checks RISC Zero's Groth16 receipts, here and now.
/// @notice A seal is: selector 4, and the eight words of Groth16. It speaks of the digest of a claim: that the program of an
/// image halted with exit code zero and this journal.
contract RiscZeroGroth16Verifier is IVerifier {
    uint256 private constant LENGTH = 260;
    bytes32 private constant TAG_CLAIM = sha256("risc0.ReceiptClaim");
    bytes32 private constant TAG_OUTPUT = sha256("risc0.Output");
    bytes32 private constant TAG_STATE = sha256("risc0.SystemState");

    address public immutable key;
    bytes4 public immutable selector;
    /// The root over the recursion programs of the release, and the one that ends in BN254.
    bytes32 public immutable controlRoot;
    uint256 public immutable bn254ControlId;

    constructor(address key_, bytes4 selector_, bytes32 controlRoot_, uint256 bn254ControlId_) {
        key = key_;
        selector = selector_;
        controlRoot = controlRoot_;
        bn254ControlId = bn254ControlId_;
    }

    function verify(bytes32 image, bytes calldata publicValues, bytes calldata proof) external view {
        if (proof.length != LENGTH) revert Verifier_ProofLength(LENGTH, proof.length);
        if (bytes4(proof) != selector) revert Verifier_WrongSelector(selector, bytes4(proof));
        uint256[] memory inputs = new uint256[](5);
        (inputs[0], inputs[1]) = halves(controlRoot);
        (inputs[2], inputs[3]) = halves(claimDigest(image, sha256(publicValues)));
        inputs[4] = bn254ControlId;
        if (!Groth16.check(key, inputs, abi.decode(proof[4:], (uint256[8])))) revert Verifier_InvalidProof();
    }

    /// @notice The digest of the claim that an image halted well with a journal. Counts of fields are little-endian.
    function claimDigest(bytes32 image, bytes32 journal) public pure returns (bytes32) {
        bytes32 output = sha256(abi.encodePacked(TAG_OUTPUT, journal, bytes32(0), hex"0200"));
        // The state after halting is empty: program counter and memory are zero.
        bytes32 halted = sha256(abi.encodePacked(TAG_STATE, bytes32(0), uint32(0), hex"0100"));
        return sha256(abi.encodePacked(TAG_CLAIM, bytes32(0), image, halted, output, uint64(0), hex"0400"));
    }

    function assumption() external pure returns (Assumption) {
        return Assumption.Ceremony;
    }

    /// @dev A digest does not fit one scalar, so its bytes, the last one first, make two: the low half and the high half.
    function halves(bytes32 digest) private pure returns (uint256 low, uint256 high) {
        for (uint256 i = 0; i < 16; ++i) {
            low |= uint256(uint8(digest[i])) << (8 * i);
            high |= uint256(uint8(digest[16 + i])) << (8 * i);
        }
    }
}
