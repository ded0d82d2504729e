// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A small state map, from which roots and lookup proofs are taken (docs/spec/witness.md, the well-formed trie).
library StateTrie {
    struct Map {
        uint192[] keys;
        bytes[] values;
    }

    /// Adds a leaf; keys may come in any order.
    function add(Map storage map, bytes24 key, bytes memory value) internal {
        map.keys.push(uint192(key));
        map.values.push(value);
        for (uint256 i = map.keys.length - 1; i > 0 && map.keys[i - 1] > map.keys[i]; --i) {
            (map.keys[i - 1], map.keys[i]) = (map.keys[i], map.keys[i - 1]);
            bytes memory moved = map.values[i - 1];
            map.values[i - 1] = map.values[i];
            map.values[i] = moved;
        }
    }

    function root(Map storage map) internal view returns (bytes32) {
        return map.keys.length == 0 ? bytes32(0) : bytes32(digest(map, 0, map.keys.length));
    }

    /// The bytes of a lookup proof of a leaf that is there.
    function prove(Map storage map, bytes24 key) internal view returns (bytes memory) {
        uint256 place = 0;
        while (map.keys[place] != uint192(key)) ++place;
        bytes memory value = map.values[place];
        (bytes memory steps, uint8 count) = way(map, place, 0, map.keys.length);
        return abi.encodePacked(uint8(1), uint8(1), key, uint8(value.length / 8), value, count, steps);
    }

    function digest(Map storage map, uint256 from, uint256 to) private view returns (bytes27) {
        if (to - from == 1) return bytes27(sha256(bytes.concat(bytes24(map.keys[from]), map.values[from])));
        (uint8 position, uint256 middle) = fork(map, from, to);
        return bytes27(sha256(abi.encodePacked(digest(map, from, middle), position, digest(map, middle, to))));
    }

    function way(Map storage map, uint256 place, uint256 from, uint256 to)
        private
        view
        returns (bytes memory steps, uint8 count)
    {
        if (to - from == 1) return ("", 0);
        (uint8 position, uint256 middle) = fork(map, from, to);
        bool right = place >= middle;
        (steps, count) = right ? way(map, place, middle, to) : way(map, place, from, middle);
        bytes27 sibling = right ? digest(map, from, middle) : digest(map, middle, to);
        return (abi.encodePacked(steps, position, sibling), count + 1);
    }

    function fork(Map storage map, uint256 from, uint256 to) private view returns (uint8 position, uint256 middle) {
        uint192 differs = map.keys[from] ^ map.keys[to - 1];
        uint256 bit = 191;
        while ((differs >> bit) & 1 == 0) --bit;
        position = uint8(191 - bit);
        middle = from;
        while ((map.keys[middle] >> bit) & 1 == 0) ++middle;
    }
}
