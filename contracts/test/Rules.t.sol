// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {Governance} from "../src/Governance.sol";
import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {IGovernance} from "../src/interfaces/IGovernance.sol";
import {ISettlement} from "../src/interfaces/ISettlement.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {IVerifierRegistry, Program} from "../src/interfaces/IVerifierRegistry.sol";

/// @notice Who may change what, and when: governance, the registry, the incident log.
contract RulesTest is Base {
    function test_a_call_waits_its_whole_delay() public {
        bytes memory call = abi.encodeCall(ISettlement.setDrift, (5));
        vm.expectPartialRevert(IGovernance.Governance_NotProposer.selector);
        governance.schedule(address(settlement), 0, call, 0);
        vm.startPrank(proposer);
        bytes32 id = governance.schedule(address(settlement), 0, call, 0);
        vm.expectPartialRevert(IGovernance.Governance_AlreadyScheduled.selector);
        governance.schedule(address(settlement), 0, call, 0);
        vm.stopPrank();
        vm.warp(START + 30 days - 1);
        vm.expectPartialRevert(IGovernance.Governance_NotReady.selector);
        governance.execute(address(settlement), 0, call, 0);
        vm.warp(START + 30 days);
        governance.execute(address(settlement), 0, call, 0);
        same(0, governance.readyAt(id));
        vm.expectPartialRevert(IGovernance.Governance_NotScheduled.selector);
        governance.execute(address(settlement), 0, call, 0);
    }

    function test_a_call_can_be_taken_back_and_failures_are_told() public {
        bytes memory call = abi.encodeCall(ISettlement.setOperator, (address(0)));
        vm.startPrank(proposer);
        bytes32 id = governance.schedule(address(settlement), 0, call, 0);
        governance.cancel(id);
        vm.expectPartialRevert(IGovernance.Governance_NotScheduled.selector);
        governance.cancel(id);
        governance.schedule(address(settlement), 0, call, 0);
        vm.stopPrank();
        vm.expectPartialRevert(IGovernance.Governance_NotProposer.selector);
        governance.cancel(id);
        vm.warp(START + 30 days);
        vm.expectPartialRevert(IGovernance.Governance_CallFailed.selector);
        governance.execute(address(settlement), 0, call, 0);
    }

    function test_offices_change_by_governance_itself() public {
        vm.expectPartialRevert(IGovernance.Governance_NotItself.selector);
        governance.setProposer(bob);
        vm.expectPartialRevert(IGovernance.Governance_NotItself.selector);
        governance.setCouncil(bob);
        govern(address(governance), abi.encodeCall(IGovernance.setCouncil, (bob)));
        same(bob, governance.council());
        govern(address(governance), abi.encodeCall(IGovernance.setProposer, (alice)));
        same(alice, governance.proposer());
        vm.expectPartialRevert(IGovernance.Governance_DelayOrder.selector);
        new Governance(alice, bob, 2, 1, new bytes4[](0));
        vm.expectRevert(IGovernance.Governance_ZeroAddress.selector);
        new Governance(address(0), bob, 1, 2, new bytes4[](0));
    }

    function test_the_council_can_do_nothing_but_pause() public {
        vm.startPrank(council);
        vm.expectPartialRevert(IGovernance.Governance_NotProposer.selector);
        governance.schedule(address(settlement), 0, "", 0);
        vm.expectPartialRevert(IGovernance.Governance_NotProposer.selector);
        governance.cancel(0);
        vm.expectPartialRevert(ISettlement.Settlement_NotGovernance.selector);
        settlement.setOperator(council);
        settlement.pause(1);
        vm.stopPrank();
    }

    function test_a_production_registry_refuses_development_verifiers() public {
        Program[] memory made = programs();
        address verifier = address(made[0].verifier);
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.Registry_DevelopmentVerifier.selector, verifier));
        new VerifierRegistry(address(governance), true, 1, 1, 1, made);
        Program[] memory one = new Program[](1);
        one[0] = made[1];
        VerifierRegistry sound = new VerifierRegistry(address(governance), true, 1, 1, 1 << ATTESTATION, one);
        truth(sound.production(), "production");
    }

    function announce(uint32 version, uint64 fromBatch, uint48 notBefore, uint256 needed, Program[] memory made) internal {
        vm.prank(address(governance));
        registry.scheduleVersion(version, fromBatch, notBefore, needed, made);
    }

    function test_versions_are_announced_in_order_and_in_time() public {
        Program[] memory made = programs();
        uint48 begin = uint48(START + 14 days);
        vm.expectPartialRevert(IVerifierRegistry.Registry_NotGovernance.selector);
        registry.scheduleVersion(2, 5, begin, 1, made);
        vm.startPrank(address(governance));
        vm.expectPartialRevert(IVerifierRegistry.Registry_VersionOrder.selector);
        registry.scheduleVersion(1, 5, begin, 1, made);
        vm.expectPartialRevert(IVerifierRegistry.Registry_BatchOrder.selector);
        registry.scheduleVersion(2, 0, begin, 1, made);
        vm.expectPartialRevert(IVerifierRegistry.Registry_TooSoon.selector);
        registry.scheduleVersion(2, 5, begin - 1, 1, made);
        vm.expectRevert(IVerifierRegistry.Registry_NoPolicy.selector);
        registry.scheduleVersion(2, 5, begin, 0, made);
        vm.expectPartialRevert(IVerifierRegistry.Registry_NoProgram.selector);
        registry.scheduleVersion(2, 5, begin, 2, made);
        vm.expectPartialRevert(IVerifierRegistry.Registry_NoProgram.selector);
        registry.scheduleVersion(2, 5, begin, 1 << 40, made);
        vm.expectPartialRevert(IVerifierRegistry.Registry_TooManyPrograms.selector);
        registry.scheduleVersion(2, 5, begin, 1, new Program[](33));
        Program memory kept = made[1];
        made[1] = made[0];
        vm.expectPartialRevert(IVerifierRegistry.Registry_ProgramTwice.selector);
        registry.scheduleVersion(2, 5, begin, 1, made);
        made[1] = Program(32, 0, made[0].verifier, 0);
        vm.expectPartialRevert(IVerifierRegistry.Registry_ProofType.selector);
        registry.scheduleVersion(2, 5, begin, 1, made);
        made[1] = Program(3, 0, IVerifier(address(0x77)), 0);
        vm.expectPartialRevert(IVerifierRegistry.Registry_NoCode.selector);
        registry.scheduleVersion(2, 5, begin, 1, made);
        made[1] = kept;
        registry.scheduleVersion(2, 5, begin, 1, made);
        vm.expectPartialRevert(IVerifierRegistry.Registry_TooSoon.selector);
        registry.scheduleVersion(3, 6, begin - 1, 1, made);
        vm.stopPrank();
        same(1, registry.versionFor(9));
        vm.warp(begin);
        same(1, registry.versionFor(4));
        same(2, registry.versionFor(5));
        same(2, registry.activations().length);
        (IVerifier verifier, bytes32 key) = registry.verifierOf(bytes32(uint256(2)));
        same(address(made[1].verifier), address(verifier));
        same(KEY, key);
        vm.expectPartialRevert(IVerifierRegistry.Registry_NoProgram.selector);
        registry.program(2, 9);
    }

    function test_a_later_version_does_not_begin_before_an_earlier_one() public {
        Program[] memory made = programs();
        uint48 begin = uint48(START + 60 days);
        announce(2, 5, begin, 1, made);
        vm.prank(address(governance));
        vm.expectRevert(abi.encodeWithSelector(IVerifierRegistry.Registry_TooSoon.selector, begin, begin - 1));
        registry.scheduleVersion(3, 6, begin - 1, 1, made);
        announce(3, 6, begin, 1, made);
        vm.warp(begin - 1);
        same(1, registry.versionFor(9));
        vm.warp(begin);
        same(2, registry.versionFor(5));
        same(3, registry.versionFor(6));
    }

    function test_a_version_can_be_taken_back_before_its_time() public {
        Program[] memory made = programs();
        announce(2, 5, uint48(START + 14 days), 1, made);
        vm.expectPartialRevert(IVerifierRegistry.Registry_NotGovernance.selector);
        registry.cancelVersion(2);
        vm.startPrank(address(governance));
        vm.expectPartialRevert(IVerifierRegistry.Registry_VersionOrder.selector);
        registry.cancelVersion(1);
        registry.cancelVersion(2);
        vm.expectPartialRevert(IVerifierRegistry.Registry_AlreadyActive.selector);
        registry.cancelVersion(1);
        vm.stopPrank();
        same(0, registry.required(2));
        announce(2, 5, uint48(START + 14 days), 1, made);
        vm.warp(START + 14 days);
        vm.prank(address(governance));
        vm.expectPartialRevert(IVerifierRegistry.Registry_AlreadyActive.selector);
        registry.cancelVersion(2);
    }

    function test_incidents_are_chained() public {
        vm.prank(alice);
        same(0, incidents.record("outage", bytes32(uint256(1))));
        same(1, incidents.record("outage", bytes32(uint256(1))));
        same(2, incidents.count());
        truth(incidents.hashAt(1) != incidents.hashAt(2), "chained");
    }
}
