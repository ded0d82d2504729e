// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

/// @title The address that stays when the code behind it is replaced.
/// @notice It is initialised in its constructor, so that nobody can come in between.
contract Proxy is ERC1967Proxy {
    constructor(address implementation, bytes memory initialisation) ERC1967Proxy(implementation, initialisation) {}
}
