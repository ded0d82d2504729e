// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Assumption, IVerifier} from "../interfaces/IVerifier.sol";
import {Domains} from "../libraries/Domains.sol";
import {Headers} from "../libraries/Headers.sol";
import {SignerSet} from "../libraries/SignerSet.sol";

/// @title Believes k of n signers who each verified a STARK with the native verifier.
/// @notice The signers never change: another set is another verifier, announced with a version. What they sign is
/// `sha256(domain || key || hash of the public values)` (SPEC S-24). The public values name the exchange, and so the chain.
contract AttestationVerifier is IVerifier {
    using SignerSet for SignerSet.Set;

    SignerSet.Set private signers;

    /// @param members_ Ascending.
    constructor(address[] memory members_, uint8 threshold) {
        if (threshold == 0) revert SignerSet.SignerSet_Threshold(members_.length, threshold);
        signers.replace(members_, threshold);
    }

    function verify(bytes32 key, bytes calldata publicValues, bytes calldata proof) external view {
        signers.check(digest(key, publicValues), proof);
    }

    /// @notice What a signer signs.
    function digest(bytes32 key, bytes calldata publicValues) public pure returns (bytes32) {
        return sha256(abi.encode(Domains.ATTESTATION, key, Headers.hashPublicValues(publicValues)));
    }

    function assumption() external pure returns (Assumption) {
        return Assumption.Signers;
    }

    function members() external view returns (address[] memory members_, uint8 threshold) {
        return (signers.members, signers.threshold);
    }
}
