// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {
    FalseToken,
    FeeToken,
    HookToken,
    IdleToken,
    RebasingToken,
    Reenterer,
    SilentToken,
    Token,
    Unpayable
} from "./Tokens.sol";
import {Bridge} from "../src/Bridge.sol";
import {Proxy} from "../src/Proxy.sol";
import {Asset, BridgeParameters, IBridge, Withdrawal} from "../src/interfaces/IBridge.sol";
import {Entries} from "../src/libraries/Entries.sol";
import {ForcedFee} from "../src/libraries/ForcedFee.sol";
import {Trees} from "../src/libraries/Trees.sol";

contract BridgeTest is Base {
    function entry(uint8 kind, uint64 index, bytes memory rest) internal view returns (bytes memory) {
        return bytes.concat(abi.encodePacked(kind, index, uint48(block.timestamp * 1000)), rest);
    }

    /// The entry just made was this one.
    function expectEntry(uint64 index, uint8 kind, bytes memory rest) internal view {
        same(Entries.chain(bridge.inboxHash(index), entry(kind, index, rest)), bridge.inboxHash(index + 1));
        same(index + 1, bridge.inboxCount());
    }

    function fund(Token paid, address who, uint256 amount) internal {
        paid.mint(who, amount);
        vm.prank(who);
        paid.approve(address(bridge), type(uint256).max);
    }

    // Deposits

    function test_ether_in() public {
        uint64 index = deposit(alice, 5);
        expectEntry(index, Entries.DEPOSIT, abi.encodePacked(alice, uint32(7), ETHER, uint64(5)));
        same(5, bridge.asset(ETHER).held);
        same(5e9, address(bridge).balance);
    }

    function test_ether_must_be_what_was_said_and_whole() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBridge.Bridge_EtherAmount.selector, 2e9, 1e9));
        bridge.deposit{value: 1e9}(ETHER, alice, 7, 2e9);
        vm.expectRevert(abi.encodeWithSelector(IBridge.Bridge_Dust.selector, 1e9, 1e9 + 1));
        bridge.deposit{value: 1e9 + 1}(ETHER, alice, 7, 1e9 + 1);
        vm.expectRevert(IBridge.Bridge_NothingGained.selector);
        bridge.deposit(ETHER, alice, 7, 0);
        vm.expectRevert(abi.encodeWithSelector(IBridge.Bridge_UnknownAsset.selector, uint16(99)));
        bridge.deposit(99, alice, 7, 1);
        vm.expectRevert(IBridge.Bridge_ZeroAddress.selector);
        bridge.deposit{value: 1e9}(ETHER, address(0), 7, 1e9);
        vm.expectPartialRevert(IBridge.Bridge_Cap.selector);
        bridge.deposit{value: (uint256(CAP) + 1) * 1e9}(ETHER, alice, 7, (uint256(CAP) + 1) * 1e9);
        vm.stopPrank();
    }

    function test_a_token_in() public {
        fund(token, alice, 100);
        vm.prank(alice);
        uint64 index = bridge.deposit(TOKEN, bob, type(uint32).max, 40);
        expectEntry(index, Entries.DEPOSIT, abi.encodePacked(bob, type(uint32).max, TOKEN, uint64(40)));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBridge.Bridge_EtherAmount.selector, 0, 1));
        bridge.deposit{value: 1}(TOKEN, bob, 7, 40);
    }

    function test_a_token_that_keeps_a_fee_is_credited_with_what_came() public {
        FeeToken paid = new FeeToken();
        list(2, address(paid), 0);
        fund(paid, alice, 1_000);
        vm.prank(alice);
        uint64 index = bridge.deposit(2, alice, 7, 1_000);
        expectEntry(index, Entries.DEPOSIT, abi.encodePacked(alice, uint32(7), uint16(2), uint64(990)));
        same(990, bridge.asset(2).held);
    }

    function test_tokens_that_do_nothing_are_credited_with_nothing() public {
        FalseToken no = new FalseToken();
        IdleToken idle = new IdleToken();
        list(2, address(no), 0);
        list(3, address(idle), 0);
        vm.startPrank(alice);
        vm.expectRevert();
        bridge.deposit(2, alice, 7, 1_000);
        vm.expectRevert(IBridge.Bridge_NothingGained.selector);
        bridge.deposit(3, alice, 7, 1_000);
        vm.stopPrank();
    }

    function test_a_token_without_answers_works() public {
        SilentToken silent = new SilentToken();
        list(2, address(silent), 0);
        silent.mint(alice, 50);
        vm.prank(alice);
        bridge.deposit(2, alice, 7, 50);
        same(50, bridge.asset(2).held);
        payOne(2, bob, 20);
        same(20, silent.balanceOf(bob));
    }

    /// A balance that shrinks is one asset's loss and no other's: its last claims fail, everything else is paid.
    function test_a_rebasing_token_harms_nobody_else() public {
        RebasingToken paid = new RebasingToken();
        list(2, address(paid), 0);
        fund(paid, alice, 1_000);
        vm.prank(alice);
        bridge.deposit(2, alice, 7, 1_000);
        deposit(bob, 5);
        paid.rebase(50);
        Withdrawal[] memory made = new Withdrawal[](3);
        made[0] = Withdrawal(1, 0, alice, 2, 400);
        made[1] = Withdrawal(1, 1, alice, 2, 600);
        made[2] = Withdrawal(1, 2, bob, ETHER, 5);
        pay(made);
        bridge.claim(made[0], pathOf(made, 0), alice);
        bytes32[] memory path = pathOf(made, 1);
        vm.expectRevert();
        bridge.claim(made[1], path, alice);
        bridge.claim(made[2], pathOf(made, 2), bob);
        same(0, address(bridge).balance);
    }

    function test_a_token_with_hooks_cannot_come_in_again() public {
        HookToken paid = new HookToken();
        list(2, address(paid), 0);
        fund(paid, alice, 1_000);
        paid.aim(address(bridge), abi.encodeCall(IBridge.deposit, (2, alice, 7, 10)));
        vm.prank(alice);
        bridge.deposit(2, alice, 7, 100);
        truth(!paid.done(), "the second deposit must fail");
        same(100, bridge.asset(2).held);
        Withdrawal[] memory made = new Withdrawal[](1);
        made[0] = Withdrawal(1, 0, alice, 2, 60);
        pay(made);
        paid.aim(address(bridge), abi.encodeCall(IBridge.claim, (made[0], pathOf(made, 0), alice)));
        bridge.claim(made[0], pathOf(made, 0), alice);
        truth(!paid.done(), "the second claim must fail");
        same(40, bridge.asset(2).held);
    }

    // Claims

    function payOne(uint16 asset, address to, uint64 amount) internal {
        Withdrawal[] memory made = new Withdrawal[](1);
        made[0] = Withdrawal(uint64(chain.length), tip().withdrawalsNext, to, asset, amount);
        pay(made);
        bridge.claim(made[0], pathOf(made, 0), to);
    }

    function test_claims_over_batches_are_paid_once_each() public {
        deposit(alice, 100);
        uint256 before = bob.balance;
        for (uint64 round = 0; round < 3; ++round) {
            Withdrawal[] memory made = new Withdrawal[](5);
            for (uint64 i = 0; i < 5; ++i) made[i] = Withdrawal(round + 1, 5 * round + i, bob, ETHER, i + 1);
            pay(made);
            for (uint256 i = 0; i < 5; ++i) {
                bytes32[] memory path = pathOf(made, i);
                truth(!bridge.isClaimed(made[i].index), "not yet");
                bridge.claim(made[i], path, bob);
                truth(bridge.isClaimed(made[i].index), "now");
                vm.expectRevert(abi.encodeWithSelector(IBridge.Bridge_AlreadyClaimed.selector, made[i].index));
                bridge.claim(made[i], path, bob);
            }
        }
        same(before + 45e9, bob.balance);
        same(55, bridge.asset(ETHER).held);
    }

    function test_a_claim_must_be_what_the_batch_says() public {
        deposit(alice, 100);
        Withdrawal[] memory made = new Withdrawal[](3);
        for (uint64 i = 0; i < 3; ++i) made[i] = Withdrawal(1, i, bob, ETHER, i + 1);
        pay(made);
        bytes32[] memory path = pathOf(made, 1);
        Withdrawal memory wrong = made[1];
        wrong.amount += 1;
        vm.expectRevert(IBridge.Bridge_BadPath.selector);
        bridge.claim(wrong, path, bob);
        wrong.amount -= 1;
        wrong.to = alice;
        vm.expectRevert(IBridge.Bridge_BadPath.selector);
        bridge.claim(wrong, path, alice);
        wrong.to = bob;
        wrong.index = 2;
        vm.expectRevert(IBridge.Bridge_BadPath.selector);
        bridge.claim(wrong, path, bob);
        wrong.index = 9;
        vm.expectPartialRevert(Trees.Trees_Index.selector);
        bridge.claim(wrong, path, bob);
        wrong.index = 1;
        wrong.batch = 2;
        vm.expectRevert(abi.encodeWithSelector(IBridge.Bridge_NotReleased.selector, uint64(2)));
        bridge.claim(wrong, path, bob);
        wrong.batch = 1;
        bytes32[] memory high = new bytes32[](21);
        vm.expectPartialRevert(Trees.Trees_Height.selector);
        bridge.claim(wrong, high, bob);
        vm.expectPartialRevert(IBridge.Bridge_NotRecipient.selector);
        bridge.claim(wrong, path, alice);
        vm.prank(bob);
        bridge.claim(wrong, path, alice);
        Withdrawal[] memory later = new Withdrawal[](1);
        later[0] = Withdrawal(2, 3, bob, ETHER, 1);
        pay(later);
        later[0].index = 2;
        bytes32[] memory none = new bytes32[](0);
        vm.expectRevert(IBridge.Bridge_BadPath.selector);
        bridge.claim(later[0], none, bob);
    }

    function test_a_claimant_cannot_come_in_again() public {
        deposit(alice, 100);
        Reenterer thief = new Reenterer();
        Withdrawal[] memory made = new Withdrawal[](2);
        made[0] = Withdrawal(1, 0, address(thief), ETHER, 10);
        made[1] = Withdrawal(1, 1, address(thief), ETHER, 10);
        pay(made);
        thief.aim(address(bridge), abi.encodeCall(IBridge.claim, (made[1], pathOf(made, 1), address(thief))));
        bridge.claim(made[0], pathOf(made, 0), address(thief));
        truth(thief.called() && !thief.done(), "the claim within must fail");
        same(10e9, address(thief).balance);
    }

    function test_who_cannot_be_paid_names_another() public {
        deposit(alice, 100);
        Unpayable payee = new Unpayable();
        Withdrawal[] memory made = new Withdrawal[](1);
        made[0] = Withdrawal(1, 0, address(payee), ETHER, 10);
        pay(made);
        bytes32[] memory path = pathOf(made, 0);
        vm.expectRevert(abi.encodeWithSelector(IBridge.Bridge_EtherRefused.selector, address(payee)));
        bridge.claim(made[0], path, address(payee));
        uint256 before = bob.balance;
        truth(payee.run(address(bridge), abi.encodeCall(IBridge.claim, (made[0], path, bob))), "redirected");
        same(before + 10e9, bob.balance);
    }

    function test_a_pause_stops_deposits_and_neither_claims_nor_forced_operations() public {
        deposit(alice, 100);
        Withdrawal[] memory made = new Withdrawal[](1);
        made[0] = Withdrawal(1, 0, bob, ETHER, 10);
        pay(made);
        vm.prank(council);
        settlement.pause(1 days);
        vm.prank(alice);
        vm.expectRevert(IBridge.Bridge_Paused.selector);
        bridge.deposit{value: 1e9}(ETHER, alice, 7, 1e9);
        bridge.claim(made[0], pathOf(made, 0), bob);
        vm.prank(alice);
        bridge.forceCancelAll{value: FEE}(7);
    }

    // Forced operations

    function test_forced_operations_say_who_called() public {
        vm.startPrank(alice);
        vm.roll(block.number + 1);
        uint64 index = bridge.forceCancelAll{value: 1 ether}(7);
        expectEntry(index, Entries.FORCED_CANCEL_ALL, abi.encodePacked(alice, uint32(7)));
        index = bridge.forceWithdraw{value: 1 ether}(7, ETHER, 9);
        expectEntry(index, Entries.FORCED_WITHDRAWAL, abi.encodePacked(alice, uint32(7), ETHER, uint64(9)));
        index = bridge.registerKey{value: 1 ether}(7, 3, KEY, 15, 1e12);
        expectEntry(index, Entries.REGISTER_KEY, abi.encodePacked(alice, uint32(7), uint8(3), KEY, uint8(15), uint48(1e12)));
        index = bridge.revokeKey{value: 1 ether}(7, 3);
        expectEntry(index, Entries.REVOKE_KEY, abi.encodePacked(alice, uint32(7), uint8(3)));
        vm.expectRevert(abi.encodeWithSelector(ForcedFee.ForcedFee_BlockFull.selector, uint16(4)));
        bridge.revokeKey{value: 1 ether}(7, 3);
        vm.roll(block.number + 1);
        vm.expectRevert(IBridge.Bridge_BadKey.selector);
        bridge.registerKey{value: 1 ether}(7, 3, 0, 15, 1e12);
        vm.expectRevert(IBridge.Bridge_ZeroAmount.selector);
        bridge.forceWithdraw{value: 1 ether}(7, ETHER, 0);
        vm.stopPrank();
    }

    function test_the_fee_rises_with_use_and_falls_with_time() public {
        vm.startPrank(alice);
        uint256 last = 0;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 fee = bridge.forcedFee();
            truth(fee > last, "rises");
            last = fee;
            vm.expectRevert(abi.encodeWithSelector(IBridge.Bridge_Fee.selector, fee, fee - 1));
            bridge.forceCancelAll{value: fee - 1}(7);
            uint256 before = alice.balance;
            bridge.forceCancelAll{value: fee + 5}(7);
            same(before - fee, alice.balance);
        }
        vm.roll(block.number + 1);
        truth(bridge.forcedFee() <= last, "falls");
        vm.roll(block.number + 100);
        same(FEE, bridge.forcedFee());
        vm.stopPrank();
        uint256 held = bridge.feesHeld();
        same(held, address(bridge).balance);
        vm.expectPartialRevert(IBridge.Bridge_NotGovernance.selector);
        bridge.collectFees(payable(bob));
        uint256 bobBefore = bob.balance;
        govern(address(bridge), abi.encodeCall(IBridge.collectFees, (payable(bob))));
        same(bobBefore + held, bob.balance);
    }

    // Parameters

    function test_parameters_are_entries_by_governance() public {
        bytes memory rules = new bytes(25);
        bytes memory market = bytes.concat(new bytes(32), rules);
        vm.expectPartialRevert(IBridge.Bridge_NotGovernance.selector);
        bridge.listMarket(market);
        uint64 index = bridge.inboxCount();
        govern(address(bridge), abi.encodeCall(IBridge.listMarket, (market)));
        expectEntry(index, Entries.PARAMETER, bytes.concat(hex"01", market));
        uint8[5] memory changes = [2, 3, 4, 5, 6];
        uint8[5] memory lengths = [27, 3, 14, 5, 5];
        for (uint256 i = 0; i < 5; ++i) {
            bytes memory terms = new bytes(lengths[i]);
            index = bridge.inboxCount();
            govern(address(bridge), abi.encodeCall(IBridge.changeParameter, (changes[i], terms)));
            expectEntry(index, Entries.PARAMETER, bytes.concat(bytes1(changes[i]), terms));
        }
        vm.startPrank(address(governance));
        for (uint8 change = 0; change < 9; ++change) {
            vm.expectPartialRevert(IBridge.Bridge_Parameter.selector);
            bridge.changeParameter(change, new bytes(2));
        }
        vm.expectPartialRevert(IBridge.Bridge_Parameter.selector);
        bridge.changeParameter(7, "");
        vm.expectPartialRevert(IBridge.Bridge_Parameter.selector);
        bridge.changeParameter(1, market);
        vm.stopPrank();
    }

    function test_an_asset_is_listed_once_and_soundly() public {
        vm.startPrank(address(governance));
        vm.expectPartialRevert(IBridge.Bridge_AssetListed.selector);
        bridge.listAsset(ETHER, address(0), 9, 1);
        vm.expectPartialRevert(IBridge.Bridge_TokenListed.selector);
        bridge.listAsset(9, address(token), 0, 1);
        vm.expectPartialRevert(IBridge.Bridge_NoCode.selector);
        bridge.listAsset(9, address(0x99), 0, 1);
        address other = address(new Token());
        vm.expectPartialRevert(IBridge.Bridge_Scale.selector);
        bridge.listAsset(9, other, 19, 1);
        vm.expectPartialRevert(IBridge.Bridge_Cap.selector);
        bridge.listAsset(9, other, 18, (1 << 63) + 1);
        uint64 index = bridge.listAsset(9, other, 18, 1 << 63);
        vm.stopPrank();
        expectEntry(index, Entries.PARAMETER, abi.encodePacked(uint8(0), uint16(9), other, uint8(18), uint64(1 << 63)));
    }

    function test_forced_operations_cannot_be_priced_out_of_reach() public {
        vm.startPrank(address(governance));
        vm.expectRevert(IBridge.Bridge_Terms.selector);
        bridge.setForcedTerms(0.2 ether, 1);
        vm.expectRevert(IBridge.Bridge_Terms.selector);
        bridge.setForcedTerms(1, 0);
        bridge.setForcedTerms(0, 1);
        same(0, bridge.forcedFee());
        vm.stopPrank();
    }

    // Beginnings

    function test_it_is_bound_once_by_the_binder_to_its_own_settlement() public {
        BridgeParameters memory b =
            BridgeParameters(address(governance), address(this), address(incidents), DEADLINE, GRACE, FEE, 4);
        Bridge other = Bridge(address(new Proxy(address(new Bridge()), abi.encodeCall(Bridge.initialize, (b)))));
        vm.prank(alice);
        vm.expectRevert(IBridge.Bridge_NotBound.selector);
        other.forceCancelAll(1);
        vm.expectRevert(IBridge.Bridge_NotBound.selector);
        other.deposit(ETHER, alice, 7, 1);
        vm.prank(alice);
        vm.expectPartialRevert(IBridge.Bridge_NotBinder.selector);
        other.bind(address(settlement));
        vm.expectPartialRevert(IBridge.Bridge_WrongSettlement.selector);
        other.bind(address(settlement));
        vm.expectPartialRevert(IBridge.Bridge_WrongSettlement.selector);
        other.bind(address(0x1234));
        vm.expectPartialRevert(IBridge.Bridge_AlreadyBound.selector);
        bridge.bind(address(settlement));
        vm.expectRevert();
        bridge.initialize(b);
        address code = address(new Bridge());
        b.deadlineSeconds = 0;
        vm.expectRevert(IBridge.Bridge_Terms.selector);
        new Proxy(code, abi.encodeCall(Bridge.initialize, (b)));
        b.governance = address(0);
        vm.expectRevert(IBridge.Bridge_ZeroAddress.selector);
        new Proxy(code, abi.encodeCall(Bridge.initialize, (b)));
    }

    function test_an_upgrade_keeps_what_is_held_and_belongs_to_governance() public {
        deposit(alice, 5);
        address code = address(new Bridge());
        vm.expectPartialRevert(IBridge.Bridge_NotGovernance.selector);
        bridge.upgradeToAndCall(code, "");
        govern(address(bridge), abi.encodeCall(bridge.upgradeToAndCall, (code, "")));
        same(5, bridge.asset(ETHER).held);
    }

    function testFuzz_credit_is_what_came(uint64 amount, uint8 scale) public {
        scale = uint8(bound(scale, 0, 18));
        amount = uint64(bound(amount, 1, CAP));
        FeeToken paid = new FeeToken();
        list(2, address(paid), scale);
        uint256 units = uint256(amount) * 10 ** scale;
        fund(paid, alice, units);
        uint256 comes = units - units / 100;
        vm.prank(alice);
        if (comes % 10 ** scale != 0) vm.expectPartialRevert(IBridge.Bridge_Dust.selector);
        bridge.deposit(2, alice, 7, units);
        same(uint256(bridge.asset(2).held) * 10 ** scale, paid.balanceOf(address(bridge)));
    }
}
