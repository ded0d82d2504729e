// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {StateTrie} from "./StateTrie.sol";
import {IBridge, Withdrawal} from "../src/interfaces/IBridge.sol";
import {Header} from "../src/interfaces/Header.sol";
import {CustodyProof} from "../src/interfaces/ISettlement.sol";
import {StateProof} from "../src/libraries/StateProof.sol";
import {Groth16Key} from "../src/verifiers/Groth16Key.sol";
import {Sp1Groth16Verifier} from "../src/verifiers/Sp1Groth16Verifier.sol";

/// @notice What each transaction costs, written to snapshots/ and compared by .ci/contracts. Each call is a transaction of its own here:
/// nothing is warm, and the 21,000 and the calldata are in the figure.
/// forge-config: default.isolate = true
contract GasTest is Base {
    using StateTrie for StateTrie.Map;

    StateTrie.Map private map;

    uint256 private constant COMMANDS = 10_000;

    function test_deposits() public {
        deposit(alice, 5);
        deposit(alice, 5);
        vm.snapshotGasLastCall("l1", "deposit/ether");
        token.mint(alice, 100);
        vm.startPrank(alice);
        token.approve(address(bridge), 100);
        bridge.deposit(TOKEN, alice, 7, 50);
        bridge.deposit(TOKEN, alice, 7, 50);
        vm.snapshotGasLastCall("l1", "deposit/token");
        bridge.forceWithdraw{value: 1 ether}(7, ETHER, 5);
        vm.snapshotGasLastCall("l1", "force/withdraw");
        vm.stopPrank();
    }

    /// Ten batches: each committed, one proof for ten of each type, one finalization. Every cost, for one command.
    function test_a_batch_of_ten_thousand() public {
        deposit(alice, 50);
        commit();
        settle();
        uint256 total = 0;
        for (uint256 i = 0; i < 10; ++i) {
            Header memory h = next();
            h.nextSequence = h.firstSequence + uint64(COMMANDS);
            (h.withdrawalsRoot, h.withdrawalsNext) = (STATE, h.withdrawalsNext + 3);
            commit(h);
            total += vm.snapshotGasLastCall("l1", "commit/custody");
        }
        for (uint8 proofType = 0; proofType <= ATTESTATION; proofType += ATTESTATION) {
            uint64 first = settlement.proven(proofType) + 1;
            prove(proofType, first, 10);
            string memory name = proofType == ATTESTATION ? "prove/attested" : "prove/development";
            uint256 gas = vm.snapshotGasLastCall("l1", name);
            if (proofType == ATTESTATION) total += gas;
        }
        settlement.finalize(tip());
        total += vm.snapshotGasLastCall("l1", "finalize");
        uint256 each = total / (10 * COMMANDS);
        vm.snapshotValue("l1", "per command/10000 a batch, 10 a proof", each);
        truth(each < 100, "a command costs less than 100");
    }

    function test_claim() public {
        deposit(alice, 100);
        Withdrawal[] memory made = new Withdrawal[](16);
        for (uint64 i = 0; i < 16; ++i) made[i] = Withdrawal(1, i, bob, ETHER, 1);
        pay(made);
        bridge.claim(made[0], pathOf(made, 0), bob);
        bridge.claim(made[1], pathOf(made, 1), bob);
        vm.snapshotGasLastCall("l1", "claim/ether, 16 in the batch");
    }

    function test_escape() public {
        deposit(alice, 100);
        for (uint32 account = 0; account < 16; ++account) {
            map.add(StateProof.key(StateProof.KIND_BALANCE, account, ETHER), abi.encodePacked(uint64(1), uint64(2)));
            bytes memory owner = abi.encodePacked(uint64(0), uint64(0), uint64(uint160(alice)));
            map.add(StateProof.key(StateProof.KIND_ACCOUNT_OWNER, account, 0), owner);
        }
        Header memory h = next();
        h.stateAfter = map.root();
        commit(h);
        settle();
        bytes memory entry = bytes.concat(
            abi.encodePacked(uint8(1), bridge.inboxCount(), uint48(START * 1000)), abi.encodePacked(alice, uint32(7))
        );
        vm.prank(alice);
        uint64 index = bridge.forceCancelAll{value: FEE}(7);
        vm.warp(START + DEADLINE + 1);
        bridge.freeze(index, entry);
        vm.snapshotGasLastCall("l1", "freeze");
        vm.warp(START + DEADLINE + GRACE + 2);
        bridge.fixRoot();
        vm.snapshotGasLastCall("l1", "fix root");
        bytes memory ownerProof = map.prove(StateProof.key(StateProof.KIND_ACCOUNT_OWNER, 3, 0));
        bytes memory balanceProof = map.prove(StateProof.key(StateProof.KIND_BALANCE, 3, ETHER));
        bridge.escape(3, ETHER, ownerProof, balanceProof, alice);
        vm.snapshotGasLastCall("l1", "escape/32 leaves");
    }

    /// What a Groth16 proof costs does not depend on whether it holds, as far as the pairing.
    function test_groth16() public {
        string memory file = vm.readFile("keys/sp1-groth16-v6.0.0.json");
        bytes4 selector = bytes4(vm.parseJsonBytes(file, ".selector"));
        address key = address(new Groth16Key(vm.parseJsonUintArray(file, ".words")));
        string memory vector = vm.envOr("ASHLAR_PROOF_SP1", "");
        vm.skip(bytes(vector).length == 0, "no SP1 proof");
        Sp1Groth16Verifier verifier =
            new Sp1Groth16Verifier(key, selector, bytes32(vm.parseJsonBytes(file, ".vkRoot")));
        verifier.verify(
            bytes32(vm.parseJsonBytes(vector, ".programVKey")),
            vm.parseJsonBytes(vector, ".publicValues"),
            vm.parseJsonBytes(vector, ".proof")
        );
        vm.snapshotGasLastCall("l1", "verify/sp1 groth16");
    }
}
