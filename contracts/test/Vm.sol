// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice The cheatcodes of forge that these tests use.
interface Vm {
    function prank(address caller) external;
    function startPrank(address caller) external;
    function stopPrank() external;
    function deal(address account, uint256 amount) external;
    function load(address target, bytes32 slot) external view returns (bytes32);
    function store(address target, bytes32 slot, bytes32 value) external;
    function warp(uint256 time) external;
    function roll(uint256 number) external;
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata reason) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectCall(address target, bytes calldata data) external;
    function mockCall(address target, bytes calldata data, bytes calldata answer) external;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function addr(uint256 key) external pure returns (address);
    function blobhashes(bytes32[] calldata hashes) external;
    function readFile(string calldata path) external view returns (string memory);
    function split(string calldata text, string calldata by) external pure returns (string[] memory);
    function parseBytes(string calldata text) external pure returns (bytes memory);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonUintArray(string calldata json, string calldata key) external pure returns (uint256[] memory);
    function envOr(string calldata name, string calldata otherwise) external view returns (string memory);
    function assume(bool condition) external pure;
    function skip(bool yes, string calldata reason) external;
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
    function etch(address target, bytes calldata code) external;
}

/// @notice What every test begins with.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public IS_TEST = true;

    error Unequal(bytes32 expected, bytes32 got);
    error Untrue(string what);

    function same(bytes32 expected, bytes32 got) internal pure {
        if (expected != got) revert Unequal(expected, got);
    }

    function same(uint256 expected, uint256 got) internal pure {
        same(bytes32(expected), bytes32(got));
    }

    function same(address expected, address got) internal pure {
        same(uint160(expected), uint160(got));
    }

    function same(bytes memory expected, bytes memory got) internal pure {
        same(keccak256(expected), keccak256(got));
    }

    function truth(bool condition, string memory what) internal pure {
        if (!condition) revert Untrue(what);
    }

    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + value % (high - low + 1);
    }
}
