// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Domains} from "./Domains.sol";

/// @notice The trees over a batch (SPEC B-14 to B-24).
library Trees {
    error Trees_Height(uint256 max, uint256 got);
    error Trees_Index(uint256 index, uint256 levels);
    error Trees_NoContent();
    error Trees_TooLong(uint256 max, uint256 got);

    uint256 internal constant HEIGHT_MAX = 20;
    uint256 internal constant ROWS_MAX = 256;
    uint256 internal constant ROW_BYTES_MIN = 256;
    uint256 internal constant ROW_BYTES_MAX = 32_768;
    uint256 internal constant SIBLINGS_MAX = 3;

    /// @notice What is kept of a hash.
    function digest(bytes32 hash) internal pure returns (bytes32) {
        return bytes32(bytes27(hash));
    }

    /// @notice A leaf of a tree with this leaf domain.
    function leaf(bytes32 domain, bytes memory content) internal pure returns (bytes32) {
        return digest(sha256(bytes.concat(domain, domain, content)));
    }

    /// @notice A node of a tree with this node domain; over nothing, nothing.
    function node(bytes32 domain, uint256 level, bytes32 left, bytes32 right) internal pure returns (bytes32) {
        if (left | right == 0) return 0;
        return digest(sha256(abi.encodePacked(domain, domain, bytes27(left), uint8(level), bytes27(right))));
    }

    /// @notice The root to which a leaf's path leads.
    function climb(bytes32 domain, bytes32 from, uint256 index, bytes32[] calldata path) internal pure returns (bytes32 top) {
        if (path.length > HEIGHT_MAX) revert Trees_Height(HEIGHT_MAX, path.length);
        if (index >> path.length != 0) revert Trees_Index(index, path.length);
        top = from;
        for (uint256 i = 0; i < path.length; ++i) {
            bytes32 sibling = path[i];
            top = index & 1 == 0 ? node(domain, i + 1, top, sibling) : node(domain, i + 1, sibling, top);
            index >>= 1;
        }
    }

    /// @notice The data root over the rows of a batch's bytes (SPEC B-18, B-19).
    function dataRoot(bytes calldata content) internal pure returns (bytes32) {
        uint256 length = content.length;
        if (length == 0) revert Trees_NoContent();
        uint256 size = ROW_BYTES_MIN;
        while (size * ROWS_MAX < length) size *= 2;
        if (size > ROW_BYTES_MAX) revert Trees_TooLong(ROW_BYTES_MAX * ROWS_MAX, length);
        uint256 rows = (length + size - 1) / size;
        bytes32[] memory digests = new bytes32[](rows);
        for (uint256 i = 0; i + 1 < rows; ++i) {
            digests[i] = leaf(Domains.DATA_LEAF, content[i * size:(i + 1) * size]);
        }
        bytes calldata last = content[(rows - 1) * size:];
        digests[rows - 1] = leaf(Domains.DATA_LEAF, bytes.concat(last, new bytes(size - last.length)));
        return fold(Domains.DATA_NODE, digests);
    }

    /// @notice The root of a coded tree from its data root and the siblings above it (SPEC B-24).
    function coded(bytes32 root, uint256 height, bytes32[] calldata siblings) internal pure returns (bytes32) {
        if (siblings.length > SIBLINGS_MAX) revert Trees_Height(SIBLINGS_MAX, siblings.length);
        if (height + siblings.length > HEIGHT_MAX) revert Trees_Height(HEIGHT_MAX, height + siblings.length);
        for (uint256 i = 0; i < siblings.length; ++i) {
            root = node(Domains.DATA_NODE, height + i + 1, root, siblings[i]);
        }
        return root;
    }

    /// @dev The root over leaves, in place; absent ones fill up to a power of two.
    function fold(bytes32 domain, bytes32[] memory digests) private pure returns (bytes32) {
        uint256 count = digests.length;
        for (uint256 level = 1; count > 1; ++level) {
            uint256 above = (count + 1) / 2;
            for (uint256 i = 0; i < above; ++i) {
                bytes32 right = 2 * i + 1 < count ? digests[2 * i + 1] : bytes32(0);
                digests[i] = node(domain, level, digests[2 * i], right);
            }
            count = above;
        }
        return digests[0];
    }
}
