// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import {Withdrawal} from "../src/interfaces/IBridge.sol";
import {Header} from "../src/interfaces/Header.sol";

/// @notice Does what users, the operator and the prover do, in any order, and keeps its own books.
contract Handler is Base {
    /// What the exchange owes: deposits consumed and not withdrawn.
    uint256 public inside;
    /// Deposits not consumed yet.
    uint256 public waiting;
    /// Withdrawals not claimed yet, in batches final or not.
    uint256 public outgoing;
    uint256 public claims;
    Withdrawal[] private open;
    Withdrawal[] private paid;

    function setUp() public override {}

    function begin() external {
        super.setUp();
    }

    function parts() external view returns (address, address) {
        return (address(bridge), address(settlement));
    }

    function depositEther(uint32 amount) external {
        deposit(alice, uint64(amount) + 1);
        waiting += uint256(amount) + 1;
    }

    function force() external {
        vm.roll(block.number + 1);
        uint256 fee = bridge.forcedFee();
        vm.prank(alice);
        bridge.forceCancelAll{value: fee}(7);
    }

    /// A batch consumes the inbox and pays out some of what is inside, as one withdrawal.
    function batch(uint256 amount) external {
        inside += waiting;
        waiting = 0;
        Header memory h = next();
        amount = inside == 0 ? 0 : amount % (inside + 1);
        if (amount != 0) {
            Withdrawal[] memory made = new Withdrawal[](1);
            made[0] = Withdrawal(h.number, h.withdrawalsNext, bob, ETHER, uint64(amount));
            (h.withdrawalsRoot, h.withdrawalsNext) = (rootOf(made), h.withdrawalsNext + 1);
            open.push(made[0]);
            inside -= amount;
            outgoing += amount;
        }
        commit(h);
    }

    function proveSome(uint8 count, bool attested) external {
        uint8 proofType = attested ? ATTESTATION : DEVELOPMENT;
        uint64 cursor = settlement.proven(proofType);
        uint64 rest = settlement.committed() - cursor;
        if (rest != 0) prove(proofType, cursor + 1, uint32(1 + count % rest));
    }

    function finalizeSome() external {
        uint64 a = settlement.proven(DEVELOPMENT);
        uint64 b = settlement.proven(ATTESTATION);
        uint64 least = a < b ? a : b;
        if (least > settlement.finalized()) settlement.finalize(chain[least]);
    }

    /// Claims what is final and must be paid; what is not final, or was paid, must not be.
    function claimSome(uint256 place) external {
        if (paid.length != 0) refused(paid[place % paid.length]);
        if (open.length == 0) return;
        Withdrawal memory one = open[place % open.length];
        if (one.batch > settlement.finalized()) return refused(one);
        uint256 before = bob.balance;
        bridge.claim(one, new bytes32[](0), bob);
        same(before + uint256(one.amount) * 1e9, bob.balance);
        outgoing -= one.amount;
        claims += 1;
        paid.push(one);
        open[place % open.length] = open[open.length - 1];
        open.pop();
    }

    function refused(Withdrawal memory one) private {
        vm.expectRevert();
        bridge.claim(one, new bytes32[](0), bob);
    }

    /// The chain has no gap, no entry was skipped, and cursors stay in their order.
    function check() external view {
        uint64 committed = settlement.committed();
        same(chain.length - 1, committed);
        for (uint64 i = 1; i <= committed; ++i) {
            same(settlement.headerHash(i - 1), chain[i].parentHash);
            same(bridge.inboxHash(chain[i].inboxNext), chain[i].inboxHash);
            truth(chain[i].inboxNext >= chain[i - 1].inboxNext, "inbox");
        }
        truth(settlement.finalized() <= settlement.proven(DEVELOPMENT), "development");
        truth(settlement.finalized() <= settlement.proven(ATTESTATION), "attestation");
        truth(settlement.proven(DEVELOPMENT) <= committed && settlement.proven(ATTESTATION) <= committed, "committed");
        uint256 held = bridge.asset(ETHER).held;
        same(inside + waiting + outgoing, held);
        same(held * 1e9 + bridge.feesHeld(), address(bridge).balance);
    }
}

contract InvariantsTest is Base {
    Handler private handler;

    function setUp() public override {
        handler = new Handler();
        handler.begin();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(handler);
        targets[0].selectors = new bytes4[](6);
        targets[0].selectors[0] = Handler.depositEther.selector;
        targets[0].selectors[1] = Handler.force.selector;
        targets[0].selectors[2] = Handler.batch.selector;
        targets[0].selectors[3] = Handler.proveSome.selector;
        targets[0].selectors[4] = Handler.finalizeSome.selector;
        targets[0].selectors[5] = Handler.claimSome.selector;
    }

    /// What users are owed is what is held, no claim is paid twice, no commit is over a gap, no entry is skipped.
    function invariant_what_is_owed_is_held() public view {
        handler.check();
    }
}
