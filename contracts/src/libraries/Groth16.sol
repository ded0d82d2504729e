// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Groth16 over BN254, on the precompiles of EIP-196 and EIP-197. They refuse coordinates beyond the field and points off
/// the curve or outside the group; what they do not refuse is refused here.
library Groth16 {
    error Groth16_Inputs(uint256 expected, uint256 got);
    error Groth16_Scalar(uint256 place);
    error Groth16_Coordinate();

    /// The order of the group.
    uint256 private constant R = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
    /// The field of the curve.
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;
    /// Words of the key before the input points.
    uint256 private constant INPUTS_AT = 14;

    /// @notice Whether e(A, B) = e(alpha, beta) e(L, gamma) e(C, delta), L being the inputs over the key's points.
    /// @param key A contract whose code is the key.
    /// @param proof A (2 words), B (4), C (2).
    function check(address key, uint256[] memory inputs, uint256[8] memory proof) internal view returns (bool) {
        uint256[] memory k = abi.decode(key.code, (uint256[]));
        (bool onCurve, uint256 x, uint256 y) = combine(k, inputs);
        if (!onCurve) return false;
        if (proof[1] >= Q) revert Groth16_Coordinate();
        uint256 negated = proof[1] == 0 ? 0 : Q - proof[1];
        bytes memory first = abi.encode(proof[0], negated, proof[2], proof[3], proof[4], proof[5]);
        bytes memory second = abi.encode(k[0], k[1], k[2], k[3], k[4], k[5]);
        bytes memory third = abi.encode(x, y, k[6], k[7], k[8], k[9]);
        bytes memory fourth = abi.encode(proof[6], proof[7], k[10], k[11], k[12], k[13]);
        (bool called, bytes memory answer) = address(8).staticcall(bytes.concat(first, second, third, fourth));
        return called && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }

    function combine(uint256[] memory k, uint256[] memory inputs) private view returns (bool done, uint256 x, uint256 y) {
        uint256 points = (k.length - INPUTS_AT) / 2;
        if (inputs.length + 1 != points) revert Groth16_Inputs(points - 1, inputs.length);
        (x, y) = (k[INPUTS_AT], k[INPUTS_AT + 1]);
        for (uint256 i = 0; i < inputs.length; ++i) {
            uint256 scalar = inputs[i];
            // A scalar beyond the order would be another name for a smaller one.
            if (scalar >= R) revert Groth16_Scalar(i);
            if (scalar == 0) continue;
            uint256 at_ = INPUTS_AT + 2 * i + 2;
            bytes memory product;
            (done, product) = address(7).staticcall(abi.encode(k[at_], k[at_ + 1], scalar));
            if (!done || product.length != 64) return (false, 0, 0);
            bytes memory sum;
            (done, sum) = address(6).staticcall(bytes.concat(abi.encode(x, y), product));
            if (!done || sum.length != 64) return (false, 0, 0);
            (x, y) = abi.decode(sum, (uint256, uint256));
        }
        return (true, x, y);
    }
}
