// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Reads leaves of the state map from lookup proofs: the bytes that `core/state` writes. Only presence is
/// proven here. Layout: version 1, kind 1, key 24, number of words 1, words of 8, number of steps 1, steps of a position and a digest
/// of 27 bytes, from the leaf upward.
library StateProof {
    error StateProof_Form();
    error StateProof_Key(bytes24 expected, bytes24 got);
    error StateProof_Words(uint256 expected, uint256 got);
    error StateProof_PositionOrder(uint256 below, uint256 got);
    error StateProof_Root(bytes32 expected, bytes32 got);

    uint256 private constant HEAD = 27;
    uint256 private constant STEP = 28;
    uint256 private constant KEY_BITS = 192;

    /// Kinds of leaves (docs/spec/keys.md).
    uint64 internal constant KIND_ACCOUNT_OWNER = 0x08;
    uint64 internal constant KIND_BALANCE = 0x0B;

    /// @notice The key of a leaf of a kind with two words behind it.
    function key(uint64 kind, uint64 first, uint64 second) internal pure returns (bytes24) {
        return bytes24(abi.encodePacked(kind << 56, first, second));
    }

    /// @notice The words of the leaf with this key under this root, one after the other; reverts unless it is there with so many.
    function read(bytes32 root, bytes24 wanted, uint256 words, bytes calldata proof) internal pure returns (bytes memory value) {
        uint256 stepsAt = HEAD + 8 * words;
        if (proof.length <= stepsAt || proof[0] != 0x01 || proof[1] != 0x01) revert StateProof_Form();
        bytes24 shown = bytes24(proof[2:26]);
        if (shown != wanted) revert StateProof_Key(wanted, shown);
        if (uint8(proof[26]) != words) revert StateProof_Words(words, uint8(proof[26]));
        value = proof[HEAD:stepsAt];
        bytes32 top = climb(wanted, sha256(bytes.concat(wanted, value)), proof[stepsAt:]);
        if (top != root) revert StateProof_Root(root, top);
    }

    /// @notice The word at a place of what `read` returned.
    function word(bytes memory value, uint256 place) internal pure returns (uint64 result) {
        for (uint256 i = 8 * place; i < 8 * place + 8; ++i) {
            result = (result << 8) | uint8(value[i]);
        }
    }

    function climb(bytes24 wanted, bytes32 hash, bytes calldata steps) private pure returns (bytes32) {
        uint256 count = uint8(steps[0]);
        if (steps.length != 1 + STEP * count) revert StateProof_Form();
        uint256 below = KEY_BITS;
        bytes27 top = bytes27(hash);
        for (uint256 i = 0; i < count; ++i) {
            bytes28 step = bytes28(steps[1 + STEP * i:1 + STEP * (i + 1)]);
            uint256 position = uint8(step[0]);
            // A path whose positions did not descend could be longer than any honest one.
            if (position >= below) revert StateProof_PositionOrder(below, position);
            bytes27 sibling = bytes27(step << 8);
            bool right = (uint192(wanted) >> (KEY_BITS - 1 - position)) & 1 == 1;
            (bytes27 first, bytes27 second) = right ? (sibling, top) : (top, sibling);
            top = bytes27(sha256(abi.encodePacked(first, uint8(position), second)));
            below = position;
        }
        return bytes32(top);
    }
}
