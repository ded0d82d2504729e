// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {Proxy} from "../src/Proxy.sol";
import {Settlement} from "../src/Settlement.sol";
import {Header, PublicValues} from "../src/interfaces/Header.sol";
import {CustodyProof, ISettlement} from "../src/interfaces/ISettlement.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {IVerifierRegistry, Program} from "../src/interfaces/IVerifierRegistry.sol";
import {Domains} from "../src/libraries/Domains.sol";
import {Headers} from "../src/libraries/Headers.sol";
import {PauseClock} from "../src/libraries/PauseClock.sol";
import {SignerSet} from "../src/libraries/SignerSet.sol";
import {Trees} from "../src/libraries/Trees.sol";

contract SettlementTest is Base {
    function refused(Header memory header, bytes memory reason) internal {
        CustodyProof memory custody = custodyOf(header);
        vm.prank(operator);
        vm.expectRevert(reason);
        settlement.commitCustody(header, custody);
    }

    function test_genesis_is_what_was_asked_for() public view {
        same(Headers.hash(chain[0]), settlement.headerHash(0));
        same(STATE, settlement.finalizedState());
        same(Headers.exchangeId(address(settlement)), settlement.exchangeId());
    }

    function test_commits_are_pipelined_and_wait_for_no_proof() public {
        for (uint256 i = 0; i < 5; ++i) commit();
        same(5, settlement.committed());
        same(0, settlement.finalized());
        same(Headers.hash(tip()), settlement.headerHash(5));
    }

    function test_only_the_operator_commits() public {
        Header memory header = next();
        CustodyProof memory custody = custodyOf(header);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_NotOperator.selector, address(this)));
        settlement.commitCustody(header, custody);
    }

    function test_a_header_that_does_not_follow_is_refused() public {
        deposit(alice, 5);
        commit();
        Header memory parent = tip();
        bytes32 parentHash = Headers.hash(parent);
        Header memory h = next();
        h.exchangeId = bytes32(uint256(1));
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Exchange.selector, parent.exchangeId, h.exchangeId));
        h = next();
        h.number = 3;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Number.selector, uint64(2), uint64(3)));
        h = next();
        h.parentHash = 0;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Parent.selector, parentHash, bytes32(0)));
        h = next();
        h.stateBefore = STATE;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_State.selector, parent.stateAfter, STATE));
        h = next();
        h.firstSequence += 1;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Sequence.selector, uint64(100), uint64(101), uint64(200)));
        h = next();
        h.nextSequence = h.firstSequence;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Sequence.selector, uint64(100), uint64(100), uint64(100)));
        h = next();
        h.version = 2;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Version.selector, uint32(1), uint32(2)));
        h = next();
        h.stateAfter |= bytes32(uint256(1));
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Digest.selector, h.stateAfter));
    }

    function test_times() public {
        uint64 time = now_();
        Header memory h = next();
        (h.firstTime, h.lastTime) = (time - 1, time);
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Time.selector, time, time - 1, time));
        (h.firstTime, h.lastTime) = (time + 1, time);
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Time.selector, time, time + 1, time));
        (h.firstTime, h.lastTime) = (time, time + 60_001);
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_TimeAhead.selector, time + 60_000, time + 60_001));
        h.lastTime = time + 60_000;
        commit(h);
    }

    function test_the_inbox_must_be_the_bridges_own() public {
        deposit(alice, 5);
        Header memory h = next();
        h.inboxHash = bytes32(uint256(1));
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_InboxHash.selector, bridge.inboxHash(h.inboxNext), h.inboxHash));
        h = next();
        commit(h);
        h = next();
        h.inboxNext -= 1;
        h.inboxHash = bridge.inboxHash(h.inboxNext);
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_InboxBackwards.selector, h.inboxNext + 1, h.inboxNext));
        h.inboxNext += 2;
        CustodyProof memory custody = custodyOf(h);
        vm.prank(operator);
        vm.expectRevert();
        settlement.commitCustody(h, custody);
    }

    function test_withdrawals_and_their_root_come_together() public {
        Header memory h = next();
        h.withdrawalsNext = 1;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Withdrawals.selector, uint64(0), uint64(1), bytes32(0)));
        h = next();
        h.withdrawalsRoot = STATE;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Withdrawals.selector, uint64(0), uint64(0), STATE));
        h.withdrawalsNext = 1 << 40;
        refused(h, abi.encodeWithSelector(ISettlement.Settlement_Withdrawals.selector, uint64(0), uint64(1) << 40, STATE));
    }

    function test_calldata_is_bound_to_the_data_root() public {
        bytes memory content = new bytes(70_000);
        content[69_999] = 0x01;
        Header memory h = next();
        vm.prank(operator);
        vm.expectPartialRevert(ISettlement.Settlement_DataRoot.selector);
        settlement.commitCalldata(h, content);
        h.dataRoot = this.dataRoot(content);
        vm.prank(operator);
        settlement.commitCalldata(h, content);
        vm.expectRevert(Trees.Trees_NoContent.selector);
        this.dataRoot("");
        vm.expectPartialRevert(Trees.Trees_TooLong.selector);
        this.dataRoot(new bytes(8 * 1024 * 1024 + 1));
    }

    function dataRoot(bytes calldata content) external pure returns (bytes32) {
        return Trees.dataRoot(content);
    }

    function test_custody_needs_the_commitment_of_the_data_and_enough_signers() public {
        Header memory h = next();
        CustodyProof memory custody;
        custody.height = 2;
        custody.siblings = new bytes32[](2);
        (custody.siblings[0], custody.siblings[1]) = (STATE, bytes32(bytes27(hex"02")));
        bytes32 coded = Trees.node(Domains.DATA_NODE, 3, h.dataRoot, STATE);
        h.daCommitment = Trees.node(Domains.DATA_NODE, 4, coded, custody.siblings[1]);
        bytes32 message = sha256(abi.encode(Domains.CUSTODY, h.exchangeId, h.daCommitment, h.signaturesRoot));
        custody.signatures = sign(message, 1);
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(SignerSet.SignerSet_TooFew.selector, uint8(2), 1));
        settlement.commitCustody(h, custody);
        custody.signatures = bytes.concat(sign(message, 1), sign(message, 1));
        vm.expectPartialRevert(SignerSet.SignerSet_Order.selector);
        settlement.commitCustody(h, custody);
        custody.signatures = sign(keccak256("other"), 2);
        vm.expectRevert();
        settlement.commitCustody(h, custody);
        custody.signatures = hex"00";
        vm.expectRevert(abi.encodeWithSelector(SignerSet.SignerSet_Length.selector, 1));
        settlement.commitCustody(h, custody);
        custody.signatures = sign(message, 3);
        custody.height = 1;
        vm.expectPartialRevert(ISettlement.Settlement_DaCommitment.selector);
        settlement.commitCustody(h, custody);
        custody.height = 19;
        vm.expectPartialRevert(Trees.Trees_Height.selector);
        settlement.commitCustody(h, custody);
        custody.height = 2;
        settlement.commitCustody(h, custody);
        custody.siblings = new bytes32[](4);
        vm.expectPartialRevert(Trees.Trees_Height.selector);
        settlement.commitCustody(h, custody);
        vm.stopPrank();
    }

    function test_a_stranger_is_no_custodian() public {
        Header memory h = next();
        CustodyProof memory custody = custodyOf(h);
        address[] memory members = new address[](1);
        members[0] = address(0xffff);
        govern(address(settlement), abi.encodeCall(ISettlement.setCustodians, (members, 1)));
        (address[] memory now__, uint8 threshold) = settlement.custodians();
        same(1, now__.length);
        same(1, threshold);
        vm.prank(operator);
        vm.expectPartialRevert(SignerSet.SignerSet_Stranger.selector);
        settlement.commitCustody(h, custody);
    }

    function test_blobs_are_taken_in_development_only() public {
        Header memory h = next();
        vm.prank(operator);
        vm.expectRevert(ISettlement.Settlement_NoBlobs.selector);
        settlement.commitBlobs(h);
        bytes32[] memory blobs = new bytes32[](2);
        (blobs[0], blobs[1]) = (bytes32(uint256(1)), bytes32(uint256(2)));
        vm.blobhashes(blobs);
        vm.prank(operator);
        settlement.commitBlobs(h);
        vm.mockCall(address(registry), abi.encodeCall(IVerifierRegistry.production, ()), abi.encode(true));
        vm.prank(operator);
        vm.expectRevert(ISettlement.Settlement_UnboundBlobs.selector);
        settlement.commitBlobs(h);
    }

    function test_one_proof_for_many_batches_and_a_cursor_for_each_type() public {
        for (uint256 i = 0; i < 6; ++i) commit();
        prove(DEVELOPMENT, 1, 4);
        prove(DEVELOPMENT, 5, 1);
        prove(ATTESTATION, 1, 2);
        same(5, settlement.proven(DEVELOPMENT));
        same(2, settlement.proven(ATTESTATION));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_Unproven.selector, ATTESTATION, uint64(2), uint64(3)));
        settlement.finalize(chain[3]);
        settlement.finalize(chain[2]);
        same(2, settlement.finalized());
        same(chain[2].stateAfter, settlement.finalizedState());
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_NothingToFinalize.selector, uint64(2), uint64(1)));
        settlement.finalize(chain[1]);
        Header memory other = chain[3];
        other.stateAfter = STATE;
        vm.expectPartialRevert(ISettlement.Settlement_HeaderMismatch.selector);
        settlement.finalize(other);
        Header memory later = next();
        vm.expectPartialRevert(ISettlement.Settlement_NotCommitted.selector);
        settlement.finalize(later);
    }

    function test_a_proof_out_of_place_is_refused() public {
        for (uint256 i = 0; i < 3; ++i) commit();
        bytes memory proof = proofOf(DEVELOPMENT, publicValues(2, 1));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_Cursor.selector, uint64(1), uint64(2)));
        settlement.prove(DEVELOPMENT, 2, 1, proof);
        vm.expectRevert(ISettlement.Settlement_EmptyRange.selector);
        settlement.prove(DEVELOPMENT, 1, 0, proof);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_NotCommitted.selector, uint64(3), uint64(4)));
        settlement.prove(DEVELOPMENT, 1, 4, proof);
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        settlement.prove(DEVELOPMENT, 1, 1, proof);
        vm.expectPartialRevert(IVerifierRegistry.Registry_NoProgram.selector);
        settlement.prove(9, 1, 1, proof);
    }

    function test_a_revert_leaves_nothing_behind() public {
        commit();
        settle();
        commit();
        Header memory h = next();
        (h.withdrawalsNext, h.withdrawalsRoot) = (3, STATE);
        commit(h);
        commit();
        prove(DEVELOPMENT, 2, 3);
        Header memory kept = chain[2];
        vm.prank(operator);
        settlement.revertTo(kept);
        same(2, settlement.committed());
        same(2, settlement.proven(DEVELOPMENT));
        same(1, settlement.proven(ATTESTATION));
        same(bytes32(0), settlement.headerHash(3));
        same(bytes32(0), settlement.headerHash(4));
        chain.pop();
        chain.pop();
        // The same batch may come again, and another in its place.
        commit(h);
        commit();
        settle();
        (bytes32 root, uint64 first) = settlement.withdrawals(3);
        same(STATE, root);
        same(0, first);
        vm.prank(operator);
        vm.expectPartialRevert(ISettlement.Settlement_RevertRange.selector);
        settlement.revertTo(kept);
        vm.expectPartialRevert(ISettlement.Settlement_NotOperator.selector);
        settlement.revertTo(kept);
        vm.prank(operator);
        vm.expectPartialRevert(ISettlement.Settlement_RevertRange.selector);
        settlement.revertTo(tip());
    }

    function test_withdrawals_are_released_only_when_final() public {
        Header memory h = next();
        (h.withdrawalsNext, h.withdrawalsRoot) = (3, STATE);
        commit(h);
        (bytes32 root,) = settlement.withdrawals(1);
        same(bytes32(0), root);
        settle();
        (root,) = settlement.withdrawals(1);
        same(STATE, root);
    }

    function test_a_version_begins_at_its_batch_and_asks_for_its_own_proofs() public {
        commit();
        Program[] memory made = new Program[](1);
        made[0] = Program(DEVELOPMENT, bytes32(uint256(9)), registry.program(1, DEVELOPMENT).verifier, KEY);
        uint48 begin = uint48(block.timestamp) + 60 days;
        bytes memory call = abi.encodeCall(IVerifierRegistry.scheduleVersion, (2, 3, begin, 1, made));
        govern(address(registry), call);
        commit();
        vm.warp(begin);
        Header memory h = next();
        h.version = 2;
        commit(h);
        commit();
        same(1, settlement.versionOf(2));
        same(2, settlement.versionOf(3));
        bytes memory values = publicValues(1, 3);
        bytes memory proof = proofOf(DEVELOPMENT, values);
        vm.expectPartialRevert(ISettlement.Settlement_MixedVersions.selector);
        settlement.prove(DEVELOPMENT, 1, 3, proof);
        prove(DEVELOPMENT, 1, 2);
        prove(DEVELOPMENT, 3, 2);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_Unproven.selector, ATTESTATION, uint64(0), uint64(2)));
        settlement.finalize(chain[4]);
        prove(ATTESTATION, 1, 2);
        settlement.finalize(chain[4]);
        same(4, settlement.finalized());
    }

    /// What is committed behind a batch under a later version asks nothing of it.
    function test_a_batch_before_a_version_is_final_by_the_proofs_of_its_own() public {
        beginSecondVersion();
        prove(DEVELOPMENT, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_Unproven.selector, ATTESTATION, uint64(0), uint64(1)));
        settlement.finalize(chain[1]);
        prove(ATTESTATION, 1, 1);
        settlement.finalize(chain[1]);
        same(1, settlement.finalized());
        same(chain[1].stateAfter, settlement.finalizedState());
        vm.expectRevert(abi.encodeWithSelector(ISettlement.Settlement_Unproven.selector, DEVELOPMENT, uint64(1), uint64(2)));
        settlement.finalize(chain[2]);
    }

    function test_a_revert_takes_a_version_back() public {
        beginSecondVersion();
        vm.prank(operator);
        settlement.revertTo(chain[1]);
        same(1, settlement.versionOf(2));
        chain.pop();
        Header memory h = next();
        h.version = 2;
        commit(h);
        same(2, settlement.versionOf(2));
    }

    function beginSecondVersion() internal {
        commit();
        Program[] memory made = new Program[](1);
        made[0] = Program(DEVELOPMENT, bytes32(uint256(9)), registry.program(1, DEVELOPMENT).verifier, KEY);
        uint48 begin = uint48(block.timestamp) + 60 days;
        govern(address(registry), abi.encodeCall(IVerifierRegistry.scheduleVersion, (2, 2, begin, 1, made)));
        vm.warp(begin);
        Header memory h = next();
        h.version = 2;
        commit(h);
    }

    function contradiction() internal view returns (Header memory shown, bytes memory proof) {
        shown = chain[1];
        shown.stateAfter = bytes32(bytes27(hex"0777"));
        bytes memory values =
            abi.encode(PublicValues(1, shown.exchangeId, shown.parentHash, Headers.hash(shown), 1));
        proof = proofOf(ATTESTATION, values);
    }

    function test_a_proof_that_contradicts_pauses_and_is_recorded() public {
        commit();
        (Header memory shown, bytes memory proof) = contradiction();
        vm.expectRevert(IVerifier.Verifier_InvalidProof.selector);
        settlement.prove(DEVELOPMENT, 1, 1, abi.encode(1));
        settlement.contradict(ATTESTATION, chain[1], shown, proof);
        truth(settlement.paused(), "paused");
        same(1, incidents.count());
        vm.expectRevert(ISettlement.Settlement_NoContradiction.selector);
        settlement.contradict(ATTESTATION, chain[1], shown, proof);
        // What is paused can still be taken back.
        vm.prank(operator);
        settlement.revertTo(chain[0]);
    }

    function test_what_contradicts_nothing_is_refused() public {
        commit();
        (Header memory shown, bytes memory proof) = contradiction();
        Header memory other = shown;
        vm.expectRevert(ISettlement.Settlement_DevelopmentProof.selector);
        settlement.contradict(DEVELOPMENT, chain[1], shown, proof);
        other.dataRoot = STATE;
        vm.expectRevert(ISettlement.Settlement_NoContradiction.selector);
        settlement.contradict(ATTESTATION, chain[1], other, proof);
        other = chain[1];
        other.daCommitment = STATE;
        vm.expectRevert(ISettlement.Settlement_NoContradiction.selector);
        settlement.contradict(ATTESTATION, chain[1], other, proof);
        vm.expectPartialRevert(ISettlement.Settlement_NotCommitted.selector);
        settlement.contradict(ATTESTATION, chain[0], other, proof);
        vm.expectPartialRevert(ISettlement.Settlement_HeaderMismatch.selector);
        settlement.contradict(ATTESTATION, other, other, proof);
    }

    function test_pauses_are_capped() public {
        vm.expectPartialRevert(ISettlement.Settlement_NotGuardian.selector);
        settlement.pause(1);
        vm.startPrank(council);
        vm.expectPartialRevert(PauseClock.PauseClock_TooLong.selector);
        settlement.pause(7 days + 1);
        vm.expectRevert(PauseClock.PauseClock_NotPaused.selector);
        settlement.unpause();
        uint256 begin = START;
        settlement.pause(2 days);
        vm.warp(begin + 1 days);
        same(1 days, settlement.pausedSince(begin));
        same(0, settlement.pausedSince(begin + 3 days));
        settlement.unpause();
        vm.warp(begin + 5 days);
        same(1 days, settlement.pausedSince(begin - 1));
        vm.expectPartialRevert(PauseClock.PauseClock_TooSoon.selector);
        settlement.pause(1);
        vm.warp(begin + 1 days + 21 days);
        settlement.pause(7 days);
        vm.stopPrank();
        Header memory h = next();
        CustodyProof memory custody = custodyOf(h);
        vm.prank(operator);
        vm.expectPartialRevert(ISettlement.Settlement_Paused.selector);
        settlement.commitCustody(h, custody);
        vm.expectPartialRevert(ISettlement.Settlement_Paused.selector);
        settlement.finalize(h);
        vm.warp(begin + 29 days);
        commit();
        same(8 days, settlement.pausedSince(begin));
    }

    function test_settings_belong_to_governance() public {
        vm.expectPartialRevert(ISettlement.Settlement_NotGovernance.selector);
        settlement.setOperator(bob);
        vm.expectPartialRevert(ISettlement.Settlement_NotGovernance.selector);
        settlement.setDrift(5);
        vm.expectPartialRevert(ISettlement.Settlement_NotGovernance.selector);
        settlement.setCustodians(new address[](0), 0);
        govern(address(settlement), abi.encodeCall(ISettlement.setOperator, (bob)));
        govern(address(settlement), abi.encodeCall(ISettlement.setDrift, (5)));
        same(bob, settlement.operator());
        same(5, settlement.driftSeconds());
    }

    function test_custodians_ascend_so_that_none_is_there_twice() public {
        address[] memory members = new address[](2);
        (members[0], members[1]) = (address(8), address(7));
        vm.startPrank(address(governance));
        vm.expectRevert(abi.encodeWithSelector(SignerSet.SignerSet_Order.selector, address(8), address(7)));
        settlement.setCustodians(members, 1);
        members[1] = address(8);
        vm.expectRevert(abi.encodeWithSelector(SignerSet.SignerSet_Order.selector, address(8), address(8)));
        settlement.setCustodians(members, 1);
        members[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(SignerSet.SignerSet_Order.selector, address(0), address(0)));
        settlement.setCustodians(members, 1);
        vm.expectRevert(abi.encodeWithSelector(SignerSet.SignerSet_Threshold.selector, 2, uint8(0)));
        settlement.setCustodians(members, 0);
        vm.expectRevert(abi.encodeWithSelector(SignerSet.SignerSet_Threshold.selector, 65, uint8(1)));
        settlement.setCustodians(new address[](65), 1);
        vm.stopPrank();
        (address[] memory kept, uint8 threshold) = settlement.custodians();
        same(3, kept.length);
        same(2, threshold);
    }

    function test_upgrades_belong_to_governance_and_wait() public {
        address code = address(new Settlement());
        vm.expectPartialRevert(ISettlement.Settlement_NotGovernance.selector);
        settlement.upgradeToAndCall(code, "");
        commit();
        govern(address(settlement), abi.encodeCall(settlement.upgradeToAndCall, (code, "")));
        same(START + 30 days, block.timestamp);
        same(1, settlement.committed());
        vm.expectRevert();
        settlement.initialize(settlementParameters());
    }

    function test_production_needs_a_delay_longer_than_leaving() public {
        vm.mockCall(address(registry), abi.encodeCall(IVerifierRegistry.production, ()), abi.encode(true));
        vm.mockCall(address(governance), abi.encodeCall(governance.longDelay, ()), abi.encode(17 days));
        Settlement code = new Settlement();
        bytes memory call = abi.encodeCall(Settlement.initialize, (settlementParameters()));
        try new ProxyMaker().make(address(code), call) {
            truth(false, "must be refused");
        } catch (bytes memory reason) {
            same(bytes32(ISettlement.Settlement_ExitTime.selector), bytes32(bytes4(reason)));
        }
    }

    function testFuzz_no_commit_over_a_gap(uint64 number, uint64 first, uint64 inboxNext) public {
        deposit(alice, 5);
        commit();
        Header memory h = next();
        vm.assume(number != h.number || first != h.firstSequence || inboxNext != h.inboxNext);
        (h.number, h.firstSequence, h.inboxNext) = (number, first, inboxNext);
        CustodyProof memory custody = custodyOf(h);
        vm.prank(operator);
        vm.expectRevert();
        settlement.commitCustody(h, custody);
    }
}

contract ProxyMaker {
    function make(address code, bytes calldata call) external returns (Proxy) {
        return new Proxy(code, call);
    }
}
