// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {Bridge} from "../src/Bridge.sol";
import {Proxy} from "../src/Proxy.sol";
import {Settlement} from "../src/Settlement.sol";
import {BridgeParameters, IBridge, Withdrawal} from "../src/interfaces/IBridge.sol";
import {Header, PublicValues} from "../src/interfaces/Header.sol";
import {CustodyProof, ISettlement, SettlementParameters} from "../src/interfaces/ISettlement.sol";
import {Headers} from "../src/libraries/Headers.sol";
import {StateProof} from "../src/libraries/StateProof.sol";

/// @notice What nobody meets who does everything right: beginnings with something missing, bounds, and a pause inside of another.
contract CornersTest is Base {
    /// The slot of Settlement's tip: the number of the last committed batch is in its last eight bytes.
    bytes32 private constant TIP = bytes32(uint256(1));

    function settlementBegins(SettlementParameters memory parameters, bytes4 refusal) private {
        Settlement code = new Settlement();
        bytes memory beginning = abi.encodeCall(Settlement.initialize, (parameters));
        vm.expectPartialRevert(refusal);
        new Proxy(address(code), beginning);
    }

    function test_a_settlement_contract_begins_with_everything_named() public {
        bytes4 zero = ISettlement.Settlement_ZeroAddress.selector;
        SettlementParameters memory parameters = settlementParameters();
        parameters.governance = address(0);
        settlementBegins(parameters, zero);
        parameters = settlementParameters();
        parameters.registry = address(0);
        settlementBegins(parameters, zero);
        parameters = settlementParameters();
        parameters.bridge = address(0);
        settlementBegins(parameters, zero);
        parameters = settlementParameters();
        parameters.incidents = address(0);
        settlementBegins(parameters, zero);
        parameters = settlementParameters();
        parameters.operator = address(0);
        settlementBegins(parameters, zero);
        parameters = settlementParameters();
        parameters.stateRoot = bytes32(uint256(1));
        settlementBegins(parameters, ISettlement.Settlement_Digest.selector);
    }

    function bridgeBegins(BridgeParameters memory parameters, bytes4 refusal) private {
        Bridge code = new Bridge();
        bytes memory beginning = abi.encodeCall(Bridge.initialize, (parameters));
        vm.expectPartialRevert(refusal);
        new Proxy(address(code), beginning);
    }

    function bridgeParameters() private view returns (BridgeParameters memory) {
        return BridgeParameters(address(governance), address(this), address(incidents), DEADLINE, GRACE, FEE, 4);
    }

    function test_a_bridge_begins_with_everything_named() public {
        BridgeParameters memory parameters = bridgeParameters();
        parameters.governance = address(0);
        bridgeBegins(parameters, IBridge.Bridge_ZeroAddress.selector);
        parameters = bridgeParameters();
        parameters.binder = address(0);
        bridgeBegins(parameters, IBridge.Bridge_ZeroAddress.selector);
        parameters = bridgeParameters();
        parameters.incidents = address(0);
        bridgeBegins(parameters, IBridge.Bridge_ZeroAddress.selector);
        parameters = bridgeParameters();
        parameters.deadlineSeconds = 0;
        bridgeBegins(parameters, IBridge.Bridge_Terms.selector);
        parameters = bridgeParameters();
        parameters.forcedPerBlockMax = 0;
        bridgeBegins(parameters, IBridge.Bridge_Terms.selector);
    }

    function test_a_bridge_that_is_not_bound_does_nothing() public {
        Bridge code = new Bridge();
        Bridge fresh = Bridge(address(new Proxy(address(code), abi.encodeCall(Bridge.initialize, (bridgeParameters())))));
        vm.prank(address(governance));
        vm.expectRevert(IBridge.Bridge_NotBound.selector);
        fresh.listAsset(5, address(0), 9, CAP);
        vm.expectRevert(IBridge.Bridge_NotBound.selector);
        fresh.claim(Withdrawal(1, 0, alice, ETHER, 1), new bytes32[](0), alice);
        vm.expectRevert(IBridge.Bridge_NotBound.selector);
        fresh.deposit(ETHER, alice, 7, 1);
    }

    function test_nobody_is_no_owner_and_no_recipient() public {
        vm.deal(address(this), 1 ether);
        vm.expectRevert(IBridge.Bridge_ZeroAddress.selector);
        bridge.deposit{value: 1e9}(ETHER, address(0), 7, 1e9);
        deposit(alice, 5);
        Withdrawal[] memory made = new Withdrawal[](1);
        made[0] = Withdrawal(1, 0, bob, ETHER, 5);
        pay(made);
        vm.prank(bob);
        vm.expectRevert(IBridge.Bridge_ZeroAddress.selector);
        bridge.claim(made[0], new bytes32[](0), address(0));
        bridge.claim(made[0], new bytes32[](0), bob);
    }

    function test_so_many_batches_wait_and_no_more() public {
        uint256 word = uint256(vm.load(address(settlement), TIP));
        uint64 most = settlement.PIPELINE_MAX();
        same(0, word & type(uint64).max);
        vm.store(address(settlement), TIP, bytes32(word | most));
        same(most, settlement.committed());
        Header memory h = next();
        h.number = most + 1;
        CustodyProof memory custody = custodyOf(h);
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_PipelineFull.selector, most));
        settlement.commitCustody(h, custody);
    }

    /// A contradiction during a pause makes it longer; the deadlines that it stops are counted once.
    function test_a_forced_pause_lengthens_the_one_that_runs() public {
        commit();
        vm.prank(council);
        settlement.pause(2 days);
        vm.warp(START + 1 days);
        Header memory shown = chain[1];
        shown.stateAfter = bytes32(bytes27(hex"0777"));
        bytes memory values = abi.encode(PublicValues(1, shown.exchangeId, shown.parentHash, Headers.hash(shown), 1));
        settlement.contradict(ATTESTATION, chain[1], shown, proofOf(ATTESTATION, values));
        vm.warp(START + 8 days - 1);
        truth(settlement.paused(), "still paused");
        vm.warp(START + 8 days);
        truth(!settlement.paused(), "over");
        same(8 days, settlement.pausedSince(START));
        same(7 days, settlement.pausedSince(START + 1 days));
    }

    function test_nothing_is_taken_back_in_a_freeze_and_nothing_is_final_after_the_root_is_fixed() public {
        bytes memory entry = bytes.concat(
            abi.encodePacked(uint8(1), bridge.inboxCount(), uint48(block.timestamp * 1000)),
            abi.encodePacked(alice, uint32(7))
        );
        vm.prank(alice);
        uint64 index = bridge.forceCancelAll{value: FEE}(7);
        Header memory h = next();
        (h.inboxNext, h.inboxHash) = (tip().inboxNext, tip().inboxHash);
        commit(h);
        prove(DEVELOPMENT, 1, 1);
        prove(ATTESTATION, 1, 1);
        vm.warp(START + DEADLINE + 1);
        bridge.freeze(index, entry);
        vm.prank(operator);
        vm.expectRevert(ISettlement.Settlement_Frozen.selector);
        settlement.revertTo(chain[0]);
        vm.warp(START + DEADLINE + GRACE + 2);
        bridge.fixRoot();
        vm.expectRevert(ISettlement.Settlement_RootFixed.selector);
        settlement.finalize(h);
        // A path whose positions do not descend is no path, whatever it leads to.
        bytes memory step = abi.encodePacked(uint8(5), bytes27(hex"01"));
        bytes24 key = StateProof.key(StateProof.KIND_ACCOUNT_OWNER, 1, 0);
        bytes memory path = bytes.concat(hex"0101", key, hex"03", new bytes(24), hex"02", step, step);
        vm.expectRevert(abi.encodeWithSelector(StateProof.StateProof_PositionOrder.selector, 5, 5));
        bridge.escape(1, ETHER, path, path, alice);
    }
}
