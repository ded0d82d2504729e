// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Domains} from "./Domains.sol";

/// @notice The bytes of inbox entries (SPEC B-31, B-32).
library Entries {
    uint8 internal constant DEPOSIT = 0;
    uint8 internal constant FORCED_CANCEL_ALL = 1;
    uint8 internal constant FORCED_WITHDRAWAL = 2;
    uint8 internal constant REGISTER_KEY = 3;
    uint8 internal constant REVOKE_KEY = 4;
    uint8 internal constant PARAMETER = 5;

    uint8 internal constant LIST_ASSET = 0;
    uint8 internal constant LIST_MARKET = 1;
    uint8 internal constant SET_FROZEN = 6;

    /// Bytes in front of every entry: kind, index, time.
    uint256 private constant HEAD = 15;
    uint256 private constant DEPOSIT_BYTES = 49;

    /// @notice The hash after an entry.
    function chain(bytes32 before, bytes memory entry) internal pure returns (bytes32) {
        return sha256(bytes.concat(Domains.INBOX, before, entry));
    }

    /// @notice What every entry begins with.
    function head(uint8 kind, uint64 index) internal view returns (bytes memory) {
        return abi.encodePacked(kind, index, uint48(block.timestamp * 1000));
    }

    /// @notice Bytes that follow a change of parameters; zero for a change that there is not.
    function parameterBytes(uint8 change) internal pure returns (uint256) {
        // One byte for each change, the first one last.
        if (change > SET_FROZEN) return 0;
        return uint8(uint56(0x05050e031b391f) >> (8 * change));
    }

    /// @notice The L1 time of an entry in seconds. The entry must be known to be in the chain.
    function time(bytes calldata entry) internal pure returns (uint256) {
        return uint48(bytes6(entry[9:HEAD])) / 1000;
    }

    /// @notice Owner, asset and amount of a deposit; `false` if the entry is another kind. The entry must be known to be in the chain.
    function deposit(bytes calldata entry) internal pure returns (bool is_, address owner, uint16 asset, uint64 amount) {
        if (uint8(entry[0]) != DEPOSIT || entry.length != DEPOSIT_BYTES) return (false, address(0), 0, 0);
        return (
            true, address(bytes20(entry[15:35])), uint16(bytes2(entry[39:41])), uint64(bytes8(entry[41:49]))
        );
    }
}
