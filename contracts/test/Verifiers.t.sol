// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "./Vm.sol";
import {Assumption, IVerifier} from "../src/interfaces/IVerifier.sol";
import {Domains} from "../src/libraries/Domains.sol";
import {Groth16} from "../src/libraries/Groth16.sol";
import {Headers} from "../src/libraries/Headers.sol";
import {SignerSet} from "../src/libraries/SignerSet.sol";
import {AttestationVerifier} from "../src/verifiers/AttestationVerifier.sol";
import {DevelopmentVerifier} from "../src/verifiers/DevelopmentVerifier.sol";
import {Groth16Key} from "../src/verifiers/Groth16Key.sol";
import {RiscZeroGroth16Verifier} from "../src/verifiers/RiscZeroGroth16Verifier.sol";
import {ISp1Verifier, Sp1GatewayVerifier} from "../src/verifiers/Sp1GatewayVerifier.sol";
import {Sp1Groth16Verifier} from "../src/verifiers/Sp1Groth16Verifier.sol";
import {IZisk, ZiskVerifier} from "../src/verifiers/ZiskVerifier.sol";

/// @notice Real proofs of others, where they are there, and our own verifiers.
contract VerifiersTest is Test {
    function json(string memory name) internal view returns (string memory) {
        return vm.readFile(string.concat("keys/", name, ".json"));
    }

    function keyOf(string memory file) internal returns (address) {
        return address(new Groth16Key(vm.parseJsonUintArray(file, ".words")));
    }

    function sp1() internal returns (Sp1Groth16Verifier) {
        string memory file = json("sp1-groth16-v6.0.0");
        bytes4 selector = bytes4(vm.parseJsonBytes(file, ".selector"));
        return new Sp1Groth16Verifier(keyOf(file), selector, bytes32(vm.parseJsonBytes(file, ".vkRoot")));
    }

    function risc0() internal returns (RiscZeroGroth16Verifier) {
        string memory file = json("risc0-groth16-v3.0");
        bytes4 selector = bytes4(vm.parseJsonBytes(file, ".selector"));
        bytes32 root = bytes32(vm.parseJsonBytes(file, ".controlRoot"));
        bytes32 id = bytes32(vm.parseJsonBytes(file, ".bn254ControlId"));
        return new RiscZeroGroth16Verifier(keyOf(file), selector, root, uint256(id));
    }

    function sp1Vector() internal returns (bytes32 key, bytes memory values, bytes memory proof) {
        string memory file = vm.envOr("ASHLAR_PROOF_SP1", "");
        vm.skip(bytes(file).length == 0, "no SP1 proof");
        key = bytes32(vm.parseJsonBytes(file, ".programVKey"));
        values = vm.parseJsonBytes(file, ".publicValues");
        proof = vm.parseJsonBytes(file, ".proof");
    }

    function risc0Vector() internal returns (bytes32 key, bytes memory values, bytes memory proof) {
        string memory file = vm.envOr("ASHLAR_PROOF_RISC0", "");
        vm.skip(bytes(file).length == 0, "no RISC Zero receipt");
        key = bytes32(vm.parseBytes(string.concat("0x", vm.parseJsonString(file, ".IMAGE_ID"))));
        values = vm.parseBytes(string.concat("0x", vm.parseJsonString(file, ".JOURNAL")));
        proof = vm.parseBytes(string.concat("0x", vm.parseJsonString(file, ".SEAL")));
    }

    /// More than any check takes. A precompile that refuses a point burns all it is given, so each try has a bound of its own.
    uint256 private constant GAS = 1_000_000;

    function holds(IVerifier verifier, bytes32 key, bytes memory values, bytes memory proof) internal view returns (bool ok) {
        (ok,) = address(verifier).staticcall{gas: GAS}(abi.encodeCall(IVerifier.verify, (key, values, proof)));
    }

    /// The proof holds, and with any one byte of it, of the values or of the key changed it does not.
    function attack(IVerifier verifier, bytes32 key, bytes memory values, bytes memory proof) internal view {
        truth(holds(verifier, key, values, proof), "the real one");
        for (uint256 i = 0; i < proof.length; ++i) {
            bytes1 kept = proof[i];
            proof[i] = kept ^ 0x01;
            truth(!holds(verifier, key, values, proof), "proof altered");
            proof[i] = kept;
        }
        for (uint256 i = 0; i < values.length; ++i) {
            bytes1 kept = values[i];
            values[i] = kept ^ 0x80;
            truth(!holds(verifier, key, values, proof), "values altered");
            values[i] = kept;
        }
        truth(!holds(verifier, key ^ bytes32(uint256(1)), values, proof), "another program");
        truth(!holds(verifier, key, values, bytes.concat(proof, hex"00")), "longer");
        truth(holds(verifier, key, values, proof), "the real one again");
    }

    function test_sp1_accepts_a_real_proof_and_no_altered_byte() public {
        (bytes32 key, bytes memory values, bytes memory proof) = sp1Vector();
        attack(sp1(), key, values, proof);
    }

    function test_risc_zero_accepts_a_real_receipt_and_no_altered_byte() public {
        (bytes32 key, bytes memory values, bytes memory proof) = risc0Vector();
        attack(risc0(), key, values, proof);
    }

    function test_a_receipt_of_another_release_is_refused() public {
        string memory file = vm.envOr("ASHLAR_PROOF_RISC0_OTHER", "");
        vm.skip(bytes(file).length == 0, "no receipt of another release");
        bytes memory proof = vm.parseBytes(string.concat("0x", vm.parseJsonString(file, ".SEAL")));
        RiscZeroGroth16Verifier verifier = risc0();
        vm.expectPartialRevert(IVerifier.Verifier_WrongSelector.selector);
        verifier.verify(0, "", proof);
        // Even under the selector that this one wants.
        bytes4 selector = verifier.selector();
        for (uint256 i = 0; i < 4; ++i) proof[i] = selector[i];
        bytes32 image = bytes32(vm.parseBytes(string.concat("0x", vm.parseJsonString(file, ".IMAGE_ID"))));
        bytes memory journal = vm.parseBytes(string.concat("0x", vm.parseJsonString(file, ".JOURNAL")));
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        verifier.verify(image, journal, proof);
    }

    function test_malformed_proofs_are_named() public {
        Sp1Groth16Verifier verifier = sp1();
        vm.expectRevert(abi.encodeWithSelector(IVerifier.Verifier_ProofLength.selector, 356, 0));
        verifier.verify(0, "", "");
        bytes memory proof = new bytes(356);
        vm.expectPartialRevert(IVerifier.Verifier_WrongSelector.selector);
        verifier.verify(0, "", proof);
        bytes4 selector = verifier.selector();
        for (uint256 i = 0; i < 4; ++i) proof[i] = selector[i];
        vm.expectPartialRevert(Sp1Groth16Verifier.Sp1_RecursionRoot.selector);
        verifier.verify(0, "", proof);
        bytes32 root = verifier.recursionRoot();
        for (uint256 i = 0; i < 32; ++i) proof[36 + i] = root[i];
        // All points at infinity: the equation of a proof of nothing does not hold.
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        verifier.verify(0, "", proof);
        vm.expectRevert(abi.encodeWithSelector(Groth16.Groth16_Scalar.selector, 0));
        verifier.verify(bytes32(type(uint256).max), "", proof);
        proof[132] = 0xff;
        vm.expectRevert(Groth16.Groth16_Coordinate.selector);
        verifier.verify(0, "", proof);
        proof[35] = 0x01;
        vm.expectRevert(abi.encodeWithSelector(Sp1Groth16Verifier.Sp1_ExitCode.selector, 1));
        verifier.verify(0, "", proof);
        RiscZeroGroth16Verifier other = risc0();
        vm.expectRevert(abi.encodeWithSelector(IVerifier.Verifier_ProofLength.selector, 260, 0));
        other.verify(0, "", "");
        proof = new bytes(260);
        vm.expectPartialRevert(IVerifier.Verifier_WrongSelector.selector);
        other.verify(0, "", proof);
        selector = other.selector();
        for (uint256 i = 0; i < 4; ++i) proof[i] = selector[i];
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        other.verify(0, "", proof);
    }

    /// A key whose points are on no curve proves nothing, instead of whatever the precompiles would make of it.
    function test_a_key_off_the_curve_proves_nothing() public {
        uint256[] memory words = new uint256[](26);
        for (uint256 i = 0; i < words.length; ++i) words[i] = 5;
        address key = address(new Groth16Key(words));
        RiscZeroGroth16Verifier other = new RiscZeroGroth16Verifier(key, bytes4(0), bytes32(uint256(1)), 1);
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        other.verify{gas: 30_000_000}(0, "", new bytes(260));
    }

    /// The points of the inputs are sound and the one for no input is not, so the first sum is what is refused.
    function test_a_key_whose_first_point_is_off_the_curve_proves_nothing() public {
        uint256[] memory words = new uint256[](26);
        (words[14], words[15]) = (5, 5);
        for (uint256 at = 16; at < 26; at += 2) (words[at], words[at + 1]) = (1, 2);
        Sp1Groth16Verifier verifier = new Sp1Groth16Verifier(address(new Groth16Key(words)), 0, 0);
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        verifier.verify{gas: 30_000_000}(bytes32(uint256(1)), "", new bytes(356));
    }

    function test_a_key_must_be_a_key() public {
        vm.expectRevert(abi.encodeWithSelector(Groth16Key.Groth16Key_Words.selector, 3));
        new Groth16Key(new uint256[](3));
        uint256[] memory words = new uint256[](16);
        Sp1Groth16Verifier verifier = new Sp1Groth16Verifier(address(new Groth16Key(words)), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(Groth16.Groth16_Inputs.selector, 0, 5));
        verifier.verify(0, "", new bytes(356));
        // Points off the curve are refused by the precompiles.
        words = new uint256[](26);
        for (uint256 i = 0; i < 26; ++i) words[i] = 5;
        verifier = new Sp1Groth16Verifier(address(new Groth16Key(words)), 0, 0);
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        verifier.verify(bytes32(uint256(1)), "", new bytes(356));
    }

    function test_the_gateway_is_asked_in_its_own_words() public {
        address gateway = address(0x5b1);
        Sp1GatewayVerifier verifier = new Sp1GatewayVerifier(ISp1Verifier(gateway));
        bytes memory call = abi.encodeCall(ISp1Verifier.verifyProof, (bytes32(uint256(1)), hex"02", hex"03"));
        vm.etch(gateway, hex"00");
        vm.expectCall(gateway, call);
        verifier.verify(bytes32(uint256(1)), hex"02", hex"03");
        vm.etch(gateway, hex"5f5ffd");
        vm.expectRevert();
        verifier.verify(bytes32(uint256(1)), hex"02", hex"03");
    }

    /// The call as ZisK's contract takes it, written out: selector, two words, offsets, 512 bytes of outputs, 768 of proof.
    function test_zisk_is_asked_in_its_own_words() public {
        address zisk = address(0x215);
        bytes memory values = abi.encode(1, 2, 3, 4, 5);
        bytes memory proof = new bytes(768);
        proof[767] = 0x07;
        bytes memory recorded = bytes.concat(
            bytes4(keccak256("verifySnarkProof(bytes32,bytes32,bytes,bytes)")),
            abi.encode(uint256(8), uint256(9), uint256(128), uint256(128 + 32 + 512)),
            abi.encode(uint256(512)),
            values,
            new bytes(352),
            abi.encode(uint256(768)),
            proof
        );
        vm.etch(zisk, hex"00");
        ZiskVerifier verifier = new ZiskVerifier(IZisk(zisk), bytes32(uint256(9)));
        vm.expectCall(zisk, recorded);
        verifier.verify(bytes32(uint256(8)), values, proof);
        vm.expectRevert(abi.encodeWithSelector(IVerifier.Verifier_ProofLength.selector, 768, 1));
        verifier.verify(bytes32(uint256(8)), values, hex"00");
    }

    function test_attestations_need_different_members() public {
        address[] memory members = new address[](2);
        (uint256 low, uint256 high) = vm.addr(1) < vm.addr(2) ? (uint256(1), uint256(2)) : (uint256(2), uint256(1));
        (members[0], members[1]) = (vm.addr(low), vm.addr(high));
        vm.expectPartialRevert(SignerSet.SignerSet_Threshold.selector);
        new AttestationVerifier(members, 0);
        vm.expectPartialRevert(SignerSet.SignerSet_Threshold.selector);
        new AttestationVerifier(members, 3);
        (members[0], members[1]) = (members[1], members[0]);
        vm.expectPartialRevert(SignerSet.SignerSet_Order.selector);
        new AttestationVerifier(members, 2);
        (members[0], members[1]) = (members[1], members[0]);
        AttestationVerifier verifier = new AttestationVerifier(members, 2);
        bytes32 digest = verifier.digest(bytes32(uint256(5)), hex"06");
        same(sha256(abi.encode(Domains.ATTESTATION, uint256(5), Headers.hashPublicValues(hex"06"))), digest);
        bytes memory signatures = bytes.concat(one(low, digest), one(high, digest));
        verifier.verify(bytes32(uint256(5)), hex"06", signatures);
        vm.expectRevert();
        verifier.verify(bytes32(uint256(5)), hex"07", signatures);
        bytes memory swapped = bytes.concat(one(high, digest), one(low, digest));
        vm.expectPartialRevert(SignerSet.SignerSet_Order.selector);
        verifier.verify(bytes32(uint256(5)), hex"06", swapped);
        (address[] memory all, uint8 threshold) = verifier.members();
        same(2, all.length);
        same(2, threshold);
    }

    function one(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return bytes.concat(r, s, bytes1(v));
    }

    function test_each_says_what_it_rests_on() public {
        address[] memory members = new address[](1);
        members[0] = address(1);
        same(uint256(Assumption.Signers), uint256(new AttestationVerifier(members, 1).assumption()));
        same(uint256(Assumption.Development), uint256(new DevelopmentVerifier().assumption()));
        same(uint256(Assumption.Ceremony), uint256(sp1().assumption()));
        same(uint256(Assumption.Ceremony), uint256(risc0().assumption()));
        same(uint256(Assumption.Ceremony), uint256(new ZiskVerifier(IZisk(address(1)), 0).assumption()));
        same(uint256(Assumption.Ceremony), uint256(new Sp1GatewayVerifier(ISp1Verifier(address(1))).assumption()));
    }

    function test_development_notices_a_mistaken_call() public {
        DevelopmentVerifier verifier = new DevelopmentVerifier();
        bytes memory proof = bytes.concat(sha256(abi.encodePacked(uint256(1), hex"02")));
        verifier.verify(bytes32(uint256(1)), hex"02", proof);
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        verifier.verify(bytes32(uint256(1)), hex"03", proof);
        vm.expectPartialRevert(IVerifier.Verifier_ProofLength.selector);
        verifier.verify(bytes32(uint256(1)), hex"03", "");
    }
}
