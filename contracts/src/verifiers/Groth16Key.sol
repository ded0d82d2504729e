// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title A verification key as the code of a contract, which is the cheapest place to read it from.
/// @notice The code is `abi.encode(words)`: its first byte is zero, which stops whoever calls it. Words: alpha (2), beta, gamma,
/// delta (4 each, imaginary parts first), then a point (2) for one and for each input.
contract Groth16Key {
    error Groth16Key_Words(uint256 got);

    constructor(uint256[] memory words) {
        if (words.length < 16 || words.length % 2 != 0) revert Groth16Key_Words(words.length);
        bytes memory code = abi.encode(words);
        // Nothing but assembly can return code that no source compiles to.
        assembly ("memory-safe") {
            return(add(code, 32), mload(code))
        }
    }
}
