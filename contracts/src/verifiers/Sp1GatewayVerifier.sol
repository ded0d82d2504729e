// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Assumption, IVerifier} from "../interfaces/IVerifier.sol";

/// @notice What SP1's gateway and each of its verifiers answer to.
interface ISp1Verifier {
    function verifyProof(bytes32 programVKey, bytes calldata publicValues, bytes calldata proofBytes) external view;
}

/// @title Asks SP1's own contract on this chain: a gateway, or one Groth16 or Plonk verifier.
/// @notice A gateway's owner may add and freeze routes, so prefer a verifier itself.
contract Sp1GatewayVerifier is IVerifier {
    ISp1Verifier public immutable gateway;

    constructor(ISp1Verifier gateway_) {
        gateway = gateway_;
    }

    function verify(bytes32 program, bytes calldata publicValues, bytes calldata proof) external view {
        gateway.verifyProof(program, publicValues, proof);
    }

    function assumption() external pure returns (Assumption) {
        return Assumption.Ceremony;
    }
}
