// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "./Vm.sol";
import {Header} from "../src/interfaces/Header.sol";
import {Domains} from "../src/libraries/Domains.sol";
import {Entries} from "../src/libraries/Entries.sol";
import {Headers} from "../src/libraries/Headers.sol";
import {Trees} from "../src/libraries/Trees.sol";

/// @notice The frozen vectors that Rust and the guests are held to, here in Solidity.
contract VectorsTest is Test {
    function field(string memory file, string memory name) internal view returns (bytes memory) {
        string[] memory lines = vm.split(vm.readFile(string.concat("../vectors/batch/", file, ".txt")), "\n");
        for (uint256 i = 0; i < lines.length; ++i) {
            string[] memory parts = vm.split(lines[i], "=");
            if (parts.length == 2 && keccak256(bytes(parts[0])) == keccak256(bytes(name))) {
                return vm.parseBytes(string.concat("0x", parts[1]));
            }
        }
        revert Untrue(name);
    }

    function word(string memory file, string memory name) internal view returns (bytes32) {
        return bytes32(field(file, name));
    }

    function test_headers() public view {
        string[3] memory names = ["header.genesis", "header.first", "header.second"];
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory words = field("headers", names[i]);
            Header memory header = abi.decode(words, (Header));
            same(words, abi.encode(header));
            same(word("headers", string.concat(names[i], ".hash")), Headers.hash(header));
        }
    }

    function test_genesis_is_made_as_the_vector_has_it() public view {
        Header memory vector = abi.decode(field("headers", "header.genesis"), (Header));
        Header memory made = Headers.genesis(vector.version, vector.exchangeId, vector.stateAfter, vector.lastTime);
        same(abi.encode(vector), abi.encode(made));
    }

    function test_public_values() public view {
        string[3] memory names = ["public.first", "public.second", "public.both"];
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory words = field("headers", names[i]);
            same(word("headers", string.concat(names[i], ".hash")), Headers.hashPublicValues(words));
        }
    }

    function test_inbox_chain() public view {
        string[13] memory names = [
            "deposit",
            "deposit_to_owner",
            "forced_cancel_all",
            "forced_withdraw",
            "register_key",
            "revoke_key",
            "list_asset",
            "list_market",
            "set_market_rules",
            "set_market_state",
            "set_fees",
            "set_tier",
            "set_frozen"
        ];
        bytes32 hash = 0;
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory entry = field("inbox", string.concat(names[i], ".entry"));
            hash = Entries.chain(hash, entry);
            same(word("inbox", string.concat(names[i], ".hash")), hash);
            // What a parameter change needs in bytes is what the vector has behind its first sixteen.
            if (i >= 6) same(entry.length - 16, Entries.parameterBytes(uint8(entry[15])));
        }
    }

    function pathIn(bytes memory proof) public pure returns (uint32 index, bytes32[] memory path) {
        uint8 levels = uint8(proof[4]);
        path = new bytes32[](levels);
        for (uint256 i = 0; i < 4; ++i) {
            index |= uint32(uint8(proof[i])) << uint32(8 * i);
        }
        for (uint256 level = 0; level < levels; ++level) {
            bytes memory one = new bytes(27);
            for (uint256 i = 0; i < 27; ++i) one[i] = proof[5 + 27 * level + i];
            path[level] = bytes32(bytes27(one));
        }
    }

    function climb(bytes32 domain, bytes32 leaf, uint256 index, bytes32[] calldata path) external pure returns (bytes32) {
        return Trees.climb(domain, leaf, index, path);
    }

    function test_withdrawals() public view {
        string[5] memory places = ["0", "1", "2", "3", "4"];
        for (uint256 i = 0; i < places.length; ++i) {
            string memory name = string.concat("of5.", places[i]);
            bytes32 leaf = Trees.leaf(Domains.WITHDRAWAL_LEAF, field("withdrawals", string.concat(name, ".leaf")));
            (uint32 index, bytes32[] memory path) = pathIn(field("withdrawals", string.concat(name, ".proof")));
            same(i, index);
            same(word("withdrawals", "of5.root"), this.climb(Domains.WITHDRAWAL_NODE, leaf, index, path));
        }
    }

    function dataRoot(bytes calldata content) external pure returns (bytes32) {
        return Trees.dataRoot(content);
    }

    function test_data_root() public view {
        same(word("data", "data_root"), this.dataRoot(field("data", "batch.bytes")));
    }

    function test_a_row_leads_to_the_data_root() public view {
        bytes32 leaf = Trees.leaf(Domains.DATA_LEAF, field("data", "row.2"));
        (uint32 index, bytes32[] memory path) = pathIn(field("data", "row.2.proof"));
        same(word("data", "data_root"), this.climb(Domains.DATA_NODE, leaf, index, path));
    }
}
