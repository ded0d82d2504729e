// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What has to be true, beyond the mathematics of the proof, for a verifier's word to be worth something.
enum Assumption {
    /// Nothing: transparent, checked here.
    None,
    /// The vendor's ceremony for the wrapping circuit was honest.
    Ceremony,
    /// Enough of the named signers are honest.
    Signers,
    /// Nothing is proven. For development only.
    Development
}

/// @notice One way of checking that public values were proven by a program.
interface IVerifier {
    /// The proof, or what it is made of, is not as it must be.
    error Verifier_InvalidProof();
    /// The proof names another verifier than this one.
    error Verifier_WrongSelector(bytes4 expected, bytes4 got);
    /// The proof has a length that no valid one has.
    error Verifier_ProofLength(uint256 expected, uint256 got);

    /// @notice Returns if the proof is valid, and reverts otherwise.
    /// @param key The program, in the form that this verifier names it by.
    /// @param publicValues The five words of SPEC B-30.
    /// @param proof The bytes of the proof.
    function verify(bytes32 key, bytes calldata publicValues, bytes calldata proof) external view;

    /// @notice What its word rests on.
    function assumption() external view returns (Assumption);
}
