// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {StateTrie} from "./StateTrie.sol";
import {IBridge} from "../src/interfaces/IBridge.sol";
import {Header} from "../src/interfaces/Header.sol";
import {CustodyProof, ISettlement} from "../src/interfaces/ISettlement.sol";
import {Entries} from "../src/libraries/Entries.sol";
import {StateProof} from "../src/libraries/StateProof.sol";

/// @notice Missed deadlines, and everybody leaving.
contract ExitTest is Base {
    using StateTrie for StateTrie.Map;

    StateTrie.Map private map;

    function balanceKey(uint32 account, uint16 asset) internal pure returns (bytes24) {
        return StateProof.key(StateProof.KIND_BALANCE, account, asset);
    }

    function ownerKey(uint32 account) internal pure returns (bytes24) {
        return StateProof.key(StateProof.KIND_ACCOUNT_OWNER, account, 0);
    }

    function put(uint32 account, address owner, uint16 asset, uint64 free, uint64 reserved) internal {
        map.add(balanceKey(account, asset), abi.encodePacked(free, reserved));
        uint160 bits = uint160(owner);
        map.add(ownerKey(account), abi.encodePacked(uint64(bits >> 96), uint64(bits >> 32), uint64(uint32(bits))));
    }

    /// Makes a batch with the map's root final.
    function finish() internal {
        Header memory h = next();
        h.stateAfter = map.root();
        commit(h);
        settle();
    }

    /// A forced withdrawal that nobody serves; returns its entry.
    function force() internal returns (uint64 index, bytes memory entry) {
        bytes memory rest = abi.encodePacked(alice, uint32(7), ETHER, uint64(9));
        entry = bytes.concat(abi.encodePacked(uint8(2), bridge.inboxCount(), uint48(block.timestamp * 1000)), rest);
        uint256 fee = bridge.forcedFee();
        vm.prank(alice);
        index = bridge.forceWithdraw{value: fee}(7, ETHER, 9);
    }

    function test_a_deadline_is_a_deadline() public {
        (uint64 index, bytes memory entry) = force();
        vm.warp(START + DEADLINE);
        vm.expectPartialRevert(IBridge.Bridge_TooEarly.selector);
        bridge.freeze(index, entry);
        vm.expectPartialRevert(IBridge.Bridge_WrongEntry.selector);
        bridge.freeze(index + 1, entry);
        vm.warp(START + DEADLINE + 1);
        bytes memory other = bytes.concat(entry);
        other[48] = 0x01;
        vm.expectPartialRevert(IBridge.Bridge_WrongEntry.selector);
        bridge.freeze(index, other);
        bridge.freeze(index, entry);
        same(1, incidents.count());
        vm.expectRevert(IBridge.Bridge_Frozen.selector);
        bridge.freeze(index, entry);
    }

    function test_a_served_entry_freezes_nothing() public {
        (uint64 index, bytes memory entry) = force();
        commit();
        settle();
        vm.warp(START + 2 * DEADLINE);
        vm.expectPartialRevert(IBridge.Bridge_Consumed.selector);
        bridge.freeze(index, entry);
    }

    function test_a_pause_stops_the_deadline() public {
        (uint64 index, bytes memory entry) = force();
        vm.prank(council);
        settlement.pause(2 days);
        vm.warp(START + DEADLINE + 2 days);
        vm.expectPartialRevert(IBridge.Bridge_TooEarly.selector);
        bridge.freeze(index, entry);
        vm.warp(START + DEADLINE + 2 days + 1);
        bridge.freeze(index, entry);
    }

    function test_what_is_committed_may_still_be_proven_and_thaws() public {
        (uint64 index, bytes memory entry) = force();
        commit();
        Header memory late = next();
        CustodyProof memory custody = custodyOf(late);
        vm.expectRevert(IBridge.Bridge_NotFrozen.selector);
        bridge.thaw();
        vm.expectRevert(IBridge.Bridge_NotFrozen.selector);
        bridge.fixRoot();
        vm.warp(START + DEADLINE + 1);
        bridge.freeze(index, entry);
        vm.prank(operator);
        vm.expectRevert(IBridge.Bridge_Frozen.selector);
        settlement.commitCustody(late, custody);
        vm.prank(operator);
        vm.expectRevert(ISettlement.Settlement_Frozen.selector);
        settlement.revertTo(chain[0]);
        vm.prank(alice);
        vm.expectRevert(IBridge.Bridge_Frozen.selector);
        bridge.deposit{value: 1e9}(ETHER, alice, 7, 1e9);
        vm.expectRevert(IBridge.Bridge_Frozen.selector);
        bridge.thaw();
        settle();
        vm.warp(START + DEADLINE + GRACE + 9);
        vm.expectPartialRevert(IBridge.Bridge_Consumed.selector);
        bridge.fixRoot();
        bridge.thaw();
        vm.prank(operator);
        settlement.commitCustody(late, custody);
    }

    function freezeForGood() internal {
        (uint64 index, bytes memory entry) = force();
        vm.warp(START + DEADLINE + 1);
        bridge.freeze(index, entry);
        vm.warp(START + DEADLINE + 1 + GRACE);
        vm.expectPartialRevert(IBridge.Bridge_TooEarly.selector);
        bridge.fixRoot();
        vm.warp(START + DEADLINE + 2 + GRACE);
        bridge.fixRoot();
    }

    function test_everybody_leaves_and_the_bridge_is_empty() public {
        deposit(alice, 60);
        deposit(bob, 40);
        put(1, alice, ETHER, 30, 25);
        put(2, bob, ETHER, 0, 40);
        put(3, alice, ETHER, 5, 0);
        finish();
        // A deposit that no final batch consumes.
        bytes memory entry = bytes.concat(
            abi.encodePacked(uint8(0), bridge.inboxCount(), uint48(block.timestamp * 1000)),
            abi.encodePacked(bob, uint32(7), ETHER, uint64(11))
        );
        uint64 index = deposit(bob, 11);
        vm.expectRevert(IBridge.Bridge_RootNotFixed.selector);
        bridge.refund(index, entry, bob);
        freezeForGood();
        (uint256 aliceBefore, uint256 bobBefore) = (alice.balance, bob.balance);
        takeOut(1, alice);
        takeOut(2, bob);
        takeOut(3, alice);
        truth(!bridge.isRefunded(index), "not yet");
        bridge.refund(index, entry, bob);
        truth(bridge.isRefunded(index), "now");
        same(aliceBefore + 60e9, alice.balance);
        same(bobBefore + 51e9, bob.balance);
        same(0, bridge.asset(ETHER).held);
        same(bridge.feesHeld(), address(bridge).balance);
        vm.expectPartialRevert(IBridge.Bridge_AlreadyRefunded.selector);
        bridge.refund(index, entry, bob);
        vm.expectPartialRevert(IBridge.Bridge_Consumed.selector);
        bridge.refund(0, entry, bob);
        vm.expectPartialRevert(IBridge.Bridge_WrongEntry.selector);
        bridge.refund(index + 1, entry, bob);
    }

    function takeOut(uint32 account, address owner) internal {
        bytes memory ownerProof = map.prove(ownerKey(account));
        bytes memory balanceProof = map.prove(balanceKey(account, ETHER));
        truth(!bridge.isEscaped(account, ETHER), "not yet");
        bridge.escape(account, ETHER, ownerProof, balanceProof, owner);
        truth(bridge.isEscaped(account, ETHER), "now");
        vm.expectPartialRevert(IBridge.Bridge_AlreadyEscaped.selector);
        bridge.escape(account, ETHER, ownerProof, balanceProof, owner);
    }

    function test_only_deposits_are_refunded() public {
        finish0();
        (uint64 index, bytes memory entry) = force();
        vm.warp(START + DEADLINE + 1);
        bridge.freeze(index, entry);
        vm.warp(START + DEADLINE + 2 + GRACE);
        bridge.fixRoot();
        vm.expectPartialRevert(IBridge.Bridge_NotADeposit.selector);
        bridge.refund(index, entry, alice);
        vm.expectRevert(IBridge.Bridge_RootFixed.selector);
        bridge.fixRoot();
        vm.expectRevert(IBridge.Bridge_RootFixed.selector);
        bridge.thaw();
        Header memory last = tip();
        vm.expectRevert(ISettlement.Settlement_RootFixed.selector);
        settlement.finalize(last);
    }

    function finish0() internal {
        put(1, alice, ETHER, 0, 0);
        finish();
    }

    function test_proofs_of_other_things_pay_nothing() public {
        deposit(alice, 60);
        put(1, alice, ETHER, 30, 25);
        put(2, bob, ETHER, 0, 5);
        put(3, bob, TOKEN, 0, 0);
        finish();
        freezeForGood();
        bytes memory owner1 = map.prove(ownerKey(1));
        bytes memory balance1 = map.prove(balanceKey(1, ETHER));
        bytes memory owner2 = map.prove(ownerKey(2));
        vm.expectPartialRevert(StateProof.StateProof_Key.selector);
        bridge.escape(1, ETHER, owner2, balance1, bob);
        vm.expectPartialRevert(IBridge.Bridge_NotRecipient.selector);
        bridge.escape(1, ETHER, owner1, balance1, bob);
        bytes memory owner3 = map.prove(ownerKey(3));
        bytes memory balance3 = map.prove(balanceKey(3, TOKEN));
        vm.expectRevert(IBridge.Bridge_NothingToPay.selector);
        bridge.escape(3, TOKEN, owner3, balance3, bob);
        bytes memory form = bytes.concat(balance1);
        form[0] = 0x02;
        vm.expectRevert(StateProof.StateProof_Form.selector);
        bridge.escape(1, ETHER, owner1, form, alice);
        form[0] = 0x01;
        form[26] = 0x03;
        vm.expectPartialRevert(StateProof.StateProof_Words.selector);
        bridge.escape(1, ETHER, owner1, form, alice);
        form[26] = 0x02;
        vm.expectRevert(StateProof.StateProof_Form.selector);
        bridge.escape(1, ETHER, owner1, bytes.concat(form, hex"00"), alice);
        vm.expectRevert(StateProof.StateProof_Form.selector);
        bridge.escape(1, ETHER, owner1, hex"0101", alice);
        // Every byte of the value and of the path counts.
        for (uint256 i = 27; i < form.length; ++i) {
            bytes1 kept = form[i];
            form[i] = kept ^ 0x01;
            vm.expectRevert();
            bridge.escape(1, ETHER, owner1, form, alice);
            form[i] = kept;
        }
        vm.prank(alice);
        bridge.escape(1, ETHER, owner1, form, bob);
    }

    function testFuzz_any_map_lets_everybody_out(uint64 seed, uint8 accounts) public {
        accounts = uint8(bound(accounts, 1, 12));
        uint64 total = 0;
        uint32[] memory ids = new uint32[](accounts);
        for (uint256 i = 0; i < accounts; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            ids[i] = uint32(random >> 64) / 16 * 16 + uint32(i);
            (uint64 free, uint64 reserved) = (uint64(uint16(random)) + 1, uint64(uint16(random >> 16)));
            total += free + reserved;
            put(ids[i], alice, ETHER, free, reserved);
        }
        deposit(alice, total);
        finish();
        freezeForGood();
        for (uint256 i = 0; i < accounts; ++i) takeOut(ids[i], alice);
        same(0, bridge.asset(ETHER).held);
    }
}
