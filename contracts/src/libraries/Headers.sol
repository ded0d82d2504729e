// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Header, PublicValues} from "../interfaces/Header.sol";
import {Domains} from "./Domains.sol";

/// @notice Hashes of headers and of what proofs expose.
library Headers {
    /// @notice SPEC B-27.
    function hash(Header memory header) internal pure returns (bytes32) {
        return sha256(bytes.concat(Domains.HEADER, abi.encode(header)));
    }

    /// @notice The five words of SPEC B-30.
    function encode(PublicValues memory values) internal pure returns (bytes memory) {
        return abi.encode(values);
    }

    /// @notice One hash of the five words.
    function hashPublicValues(bytes memory words) internal pure returns (bytes32) {
        return sha256(bytes.concat(Domains.PUBLIC_VALUES, words));
    }

    /// @notice The header with which a chain begins (SPEC B-29).
    function genesis(uint32 version, bytes32 exchange, bytes32 stateRoot, uint64 time)
        internal
        pure
        returns (Header memory header)
    {
        header.version = version;
        header.exchangeId = exchange;
        header.stateAfter = stateRoot;
        header.firstTime = time;
        header.lastTime = time;
    }

    /// @notice The name of the exchange that settles in a contract (SPEC G-3).
    function exchangeId(address settlement) internal view returns (bytes32) {
        return sha256(abi.encode(Domains.EXCHANGE_ID, block.chainid, settlement));
    }

    /// @notice Whether a word is 27 bytes and five zeros behind them.
    function isDigest(bytes32 word) internal pure returns (bool) {
        return uint40(uint256(word)) == 0;
    }
}
