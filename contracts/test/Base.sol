// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "./Vm.sol";
import {Token} from "./Tokens.sol";
import {Bridge} from "../src/Bridge.sol";
import {Governance} from "../src/Governance.sol";
import {IncidentLog} from "../src/IncidentLog.sol";
import {Proxy} from "../src/Proxy.sol";
import {Settlement} from "../src/Settlement.sol";
import {VerifierRegistry} from "../src/VerifierRegistry.sol";
import {BridgeParameters, IBridge, Withdrawal} from "../src/interfaces/IBridge.sol";
import {Header, PublicValues} from "../src/interfaces/Header.sol";
import {CustodyProof, SettlementParameters} from "../src/interfaces/ISettlement.sol";
import {IVerifier} from "../src/interfaces/IVerifier.sol";
import {Program} from "../src/interfaces/IVerifierRegistry.sol";
import {Domains} from "../src/libraries/Domains.sol";
import {Headers} from "../src/libraries/Headers.sol";
import {Trees} from "../src/libraries/Trees.sol";
import {AttestationVerifier} from "../src/verifiers/AttestationVerifier.sol";
import {DevelopmentVerifier} from "../src/verifiers/DevelopmentVerifier.sol";

/// @notice A whole deployment, and a batch maker that knows the headers it made.
abstract contract Base is Test {
    uint8 internal constant DEVELOPMENT = 0;
    uint8 internal constant ATTESTATION = 4;
    uint16 internal constant ETHER = 0;
    uint16 internal constant TOKEN = 1;
    uint32 internal constant DEADLINE = 7 days;
    uint32 internal constant GRACE = 3 days;
    uint128 internal constant FEE = 0.001 ether;
    uint64 internal constant CAP = 1 << 62;
    /// The optimiser takes the clock for constant within a call, so tests that move it count from here.
    uint256 internal constant START = 1_800_000_000;
    bytes32 internal constant KEY = bytes32(uint256(0xabcdef));
    bytes32 internal constant STATE = bytes32(bytes27(hex"01"));

    address internal proposer = address(0xA1);
    address internal council = address(0xA2);
    address internal operator = address(0xA3);
    address internal alice = address(0xB1);
    address internal bob = address(0xB2);
    uint256[3] internal signerKeys;

    IncidentLog internal incidents;
    Governance internal governance;
    VerifierRegistry internal registry;
    Bridge internal bridge;
    Settlement internal settlement;
    Token internal token;

    /// The headers committed so far; the genesis first.
    Header[] internal chain;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1_000);
        deploy(false, (uint256(1) << DEVELOPMENT) | (uint256(1) << ATTESTATION), programs());
        list(ETHER, address(0), 9);
        token = new Token();
        list(TOKEN, address(token), 0);
        vm.deal(alice, 1e30);
        vm.deal(bob, 1e30);
    }

    function programs() internal returns (Program[] memory made) {
        made = new Program[](2);
        made[0] = Program(DEVELOPMENT, bytes32(uint256(1)), new DevelopmentVerifier(), KEY);
        made[1] = Program(ATTESTATION, bytes32(uint256(2)), new AttestationVerifier(signers(), 2), KEY);
    }

    /// Three signers, ascending by address.
    function signers() internal returns (address[] memory found) {
        (signerKeys[0], signerKeys[1], signerKeys[2]) = (11, 12, 13);
        found = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            for (uint256 j = i + 1; j < 3; ++j) {
                if (vm.addr(signerKeys[j]) < vm.addr(signerKeys[i])) {
                    (signerKeys[i], signerKeys[j]) = (signerKeys[j], signerKeys[i]);
                }
            }
            found[i] = vm.addr(signerKeys[i]);
        }
    }

    function deploy(bool production, uint256 needed, Program[] memory made) internal {
        incidents = new IncidentLog();
        bytes4[] memory additive = new bytes4[](2);
        (additive[0], additive[1]) = (IBridge.listAsset.selector, IBridge.listMarket.selector);
        governance = new Governance(proposer, council, 0, 30 days, additive);
        registry = new VerifierRegistry(address(governance), production, 14 days, 1, needed, made);
        BridgeParameters memory b =
            BridgeParameters(address(governance), address(this), address(incidents), DEADLINE, GRACE, FEE, 4);
        bridge = Bridge(address(new Proxy(address(new Bridge()), abi.encodeCall(Bridge.initialize, (b)))));
        settlement = Settlement(
            address(
                new Proxy(address(new Settlement()), abi.encodeCall(Settlement.initialize, (settlementParameters())))
            )
        );
        bridge.bind(address(settlement));
        delete chain;
        chain.push(Headers.genesis(1, settlement.exchangeId(), STATE, now_()));
    }

    function settlementParameters() internal returns (SettlementParameters memory) {
        return SettlementParameters(
            address(governance),
            address(registry),
            address(bridge),
            address(incidents),
            operator,
            1,
            STATE,
            now_(),
            60,
            signers(),
            2
        );
    }

    /// Calls through the timelock, as anyone may once the time has come.
    function govern(address target, bytes memory data) internal {
        vm.prank(proposer);
        bytes32 id = governance.schedule(target, 0, data, 0);
        uint48 ready = governance.readyAt(id);
        if (ready > block.timestamp) vm.warp(ready);
        governance.execute(target, 0, data, 0);
    }

    function list(uint16 id, address token_, uint8 scale) internal {
        govern(address(bridge), abi.encodeCall(IBridge.listAsset, (id, token_, scale, CAP)));
    }

    function now_() internal view returns (uint64) {
        return uint64(block.timestamp) * 1000;
    }

    function tip() internal view returns (Header memory) {
        return chain[chain.length - 1];
    }

    /// A header that follows the last one, has consumed the whole inbox and makes no withdrawals.
    function next() internal view returns (Header memory made) {
        made = tip();
        made.parentHash = Headers.hash(made);
        made.stateBefore = made.stateAfter;
        made.number += 1;
        made.stateAfter = Trees.digest(sha256(abi.encode(made.number)));
        made.dataRoot = Trees.digest(sha256("data"));
        made.daCommitment = made.dataRoot;
        made.signaturesRoot = Trees.digest(sha256("signatures"));
        made.receiptsRoot = Trees.digest(sha256("receipts"));
        made.withdrawalsRoot = 0;
        made.inboxNext = bridge.inboxCount();
        made.inboxHash = bridge.inboxHash(made.inboxNext);
        made.firstSequence = made.nextSequence;
        made.nextSequence += 100;
        made.firstTime = now_();
        made.lastTime = now_();
    }

    function sign(bytes32 digest, uint256 count) internal view returns (bytes memory all) {
        for (uint256 i = 0; i < count; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKeys[i], digest);
            all = bytes.concat(all, r, s, bytes1(v));
        }
    }

    function custodyOf(Header memory header) internal view returns (CustodyProof memory) {
        bytes32 message =
            sha256(abi.encode(Domains.CUSTODY, settlement.exchangeId(), header.daCommitment, header.signaturesRoot));
        return CustodyProof(0, new bytes32[](0), sign(message, 2));
    }

    function commit(Header memory header) internal {
        CustodyProof memory custody = custodyOf(header);
        vm.prank(operator);
        settlement.commitCustody(header, custody);
        chain.push(header);
    }

    function commit() internal {
        commit(next());
    }

    function publicValues(uint64 first, uint32 count) internal view returns (bytes memory) {
        bytes32 parentHash = Headers.hash(chain[first - 1]);
        bytes32 lastHash = Headers.hash(chain[first - 1 + count]);
        return abi.encode(PublicValues(chain[first].version, settlement.exchangeId(), parentHash, lastHash, count));
    }

    function proofOf(uint8 proofType, bytes memory values) internal view returns (bytes memory) {
        if (proofType == DEVELOPMENT) return bytes.concat(sha256(bytes.concat(KEY, values)));
        return sign(sha256(abi.encode(Domains.ATTESTATION, KEY, Headers.hashPublicValues(values))), 2);
    }

    function prove(uint8 proofType, uint64 first, uint32 count) internal {
        settlement.prove(proofType, first, count, proofOf(proofType, publicValues(first, count)));
    }

    /// Proves everything committed by both types and makes it final.
    function settle() internal {
        for (uint8 proofType = 0; proofType <= ATTESTATION; proofType += ATTESTATION) {
            uint64 cursor = settlement.proven(proofType);
            uint32 count = uint32(settlement.committed() - cursor);
            if (count != 0) prove(proofType, cursor + 1, count);
        }
        settlement.finalize(tip());
    }

    function deposit(address who, uint64 internalUnits) internal returns (uint64) {
        vm.prank(who);
        return bridge.deposit{value: uint256(internalUnits) * 1e9}(ETHER, who, 7, uint256(internalUnits) * 1e9);
    }

    /// Commits a batch with these withdrawals and settles it; returns its number.
    function pay(Withdrawal[] memory made) internal returns (uint64 number) {
        Header memory header = next();
        header.withdrawalsRoot = rootOf(made);
        header.withdrawalsNext += uint64(made.length);
        number = header.number;
        commit(header);
        settle();
    }

    function leaves(Withdrawal[] memory made) internal pure returns (bytes32[] memory level) {
        uint256 width = 1;
        while (width < made.length) width *= 2;
        level = new bytes32[](width);
        for (uint256 i = 0; i < made.length; ++i) {
            bytes memory leaf = abi.encodePacked(made[i].index, made[i].to, made[i].asset, made[i].amount);
            level[i] = Trees.leaf(Domains.WITHDRAWAL_LEAF, leaf);
        }
    }

    function up(bytes32[] memory level, uint256 height) internal pure returns (bytes32[] memory above) {
        above = new bytes32[](level.length / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            above[i] = Trees.node(Domains.WITHDRAWAL_NODE, height, level[2 * i], level[2 * i + 1]);
        }
    }

    function rootOf(Withdrawal[] memory made) internal pure returns (bytes32) {
        bytes32[] memory level = leaves(made);
        for (uint256 height = 1; level.length > 1; ++height) level = up(level, height);
        return level[0];
    }

    function pathOf(Withdrawal[] memory made, uint256 place) internal pure returns (bytes32[] memory path) {
        bytes32[] memory level = leaves(made);
        uint256 levels = 0;
        while (level.length >> levels > 1) ++levels;
        path = new bytes32[](levels);
        for (uint256 height = 1; height <= levels; ++height) {
            path[height - 1] = level[place ^ 1];
            level = up(level, height);
            place >>= 1;
        }
    }
}
