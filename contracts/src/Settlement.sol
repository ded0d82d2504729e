// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Header, PublicValues} from "./interfaces/Header.sol";
import {CustodyProof, DataKind, ISettlement, SettlementParameters} from "./interfaces/ISettlement.sol";
import {IBridge} from "./interfaces/IBridge.sol";
import {IGovernance} from "./interfaces/IGovernance.sol";
import {IIncidentLog} from "./interfaces/IIncidentLog.sol";
import {Assumption} from "./interfaces/IVerifier.sol";
import {IVerifierRegistry} from "./interfaces/IVerifierRegistry.sol";
import {Domains} from "./libraries/Domains.sol";
import {Headers} from "./libraries/Headers.sol";
import {PauseClock} from "./libraries/PauseClock.sol";
import {SignerSet} from "./libraries/SignerSet.sol";
import {Trees} from "./libraries/Trees.sol";

/// @title The chain of batches on L1.
/// @notice Guarantees:
/// 1. Committed headers form one chain without gaps, each following its parent as far as L1 can tell (SPEC S-2).
/// 2. A batch's inbox hash is the bridge's own, so a reorganisation that takes a deposit takes the commits that used it (SPEC S-3).
/// 3. Each proof type has one cursor that moves over contiguous batches only (SPEC S-6).
/// 4. A batch is final only when every proof that its version needs has passed it, and then for ever (SPEC S-7, S-8).
contract Settlement is ISettlement, Initializable, UUPSUpgradeable {
    using PauseClock for PauseClock.Clock;
    using SignerSet for SignerSet.Set;

    /// Batches that may be committed and not final.
    uint64 public constant PIPELINE_MAX = 8_192;
    /// The index of a withdrawal fits into the five bytes that a digest leaves free in a word.
    uint64 private constant WITHDRAWALS_MAX = (1 << 40) - 1;
    bytes32 private constant CONTRADICTION = "contradiction";

    /// What a batch must follow, and where the chain is.
    struct Tip {
        uint64 committed;
        uint64 nextSequence;
        uint64 lastTime;
        uint64 inboxNext;
        uint64 withdrawalsNext;
        uint64 finalized;
        uint64 finalizedInbox;
        uint32 version;
        uint32 driftSeconds;
        bytes32 state;
    }

    /// From a batch on, a version.
    struct Segment {
        uint64 from;
        uint32 version;
    }

    bytes32 public exchangeId;
    Tip private tip;
    bytes32 public finalizedState;
    address public operator;
    address public governance;
    address public registry;
    address public bridge;
    address public incidents;
    uint32 private usedTypes;
    mapping(uint64 number => bytes32 hash) public headerHash;
    /// A root in the first 27 bytes, the index of the first withdrawal in the last five.
    mapping(uint64 number => bytes32 rootAndFirst) private withdrawalsOf;
    mapping(uint8 proofType => uint64 number) public proven;
    mapping(uint64 number => bool done) private contradicted;
    Segment[] private segments;
    PauseClock.Clock private clock;
    SignerSet.Set private custody;

    modifier onlyGovernance() {
        if (msg.sender != governance) revert Settlement_NotGovernance(msg.sender);
        _;
    }

    modifier onlyGuardian() {
        if (msg.sender != governance && msg.sender != IGovernance(governance).council()) {
            revert Settlement_NotGuardian(msg.sender);
        }
        _;
    }

    modifier whenRunning() {
        uint48 until = clock.until();
        if (until != 0) revert Settlement_Paused(until);
        _;
    }

    constructor() {
        _disableInitializers();
    }

    function initialize(SettlementParameters calldata parameters) external initializer {
        if (
            parameters.governance == address(0) || parameters.registry == address(0) || parameters.bridge == address(0)
                || parameters.incidents == address(0)
        ) revert Settlement_ZeroAddress();
        governance = parameters.governance;
        registry = parameters.registry;
        bridge = parameters.bridge;
        incidents = parameters.incidents;
        _requireExitTime();
        _setOperator(parameters.operator);
        _setDrift(parameters.driftSeconds);
        _setCustodians(parameters.custodians, parameters.custodyThreshold);
        if (!Headers.isDigest(parameters.stateRoot)) revert Settlement_Digest(parameters.stateRoot);
        exchangeId = Headers.exchangeId(address(this));
        headerHash[0] = Headers.hash(
            Headers.genesis(parameters.version, exchangeId, parameters.stateRoot, parameters.genesisTime)
        );
        tip.version = parameters.version;
        tip.lastTime = parameters.genesisTime;
        tip.state = parameters.stateRoot;
        finalizedState = parameters.stateRoot;
        segments.push(Segment(0, parameters.version));
    }

    // Commit

    function commitCalldata(Header calldata header, bytes calldata content) external {
        bytes32 root = Trees.dataRoot(content);
        if (root != header.dataRoot) revert Settlement_DataRoot(header.dataRoot, root);
        _commit(header, DataKind.Calldata, new bytes32[](0));
    }

    function commitCustody(Header calldata header, CustodyProof calldata proof) external {
        bytes32 commitment = Trees.coded(header.dataRoot, proof.height, proof.siblings);
        if (commitment != header.daCommitment) revert Settlement_DaCommitment(header.daCommitment, commitment);
        bytes32 message = sha256(abi.encode(Domains.CUSTODY, exchangeId, commitment, header.signaturesRoot));
        custody.check(message, proof.signatures);
        _commit(header, DataKind.Custody, new bytes32[](0));
    }

    function commitBlobs(Header calldata header) external {
        if (IVerifierRegistry(registry).production()) revert Settlement_UnboundBlobs();
        uint256 count = 0;
        while (blobhash(count) != 0) ++count;
        if (count == 0) revert Settlement_NoBlobs();
        bytes32[] memory blobs = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            blobs[i] = blobhash(i);
        }
        _commit(header, DataKind.UnboundBlobs, blobs);
    }

    function _commit(Header calldata header, DataKind kind, bytes32[] memory blobs) private whenRunning {
        if (msg.sender != operator) revert Settlement_NotOperator(msg.sender);
        Tip memory parent = tip;
        _requireFollows(header, parent);
        _requireInbox(header, parent);
        _moveVersion(header, parent);
        if (header.withdrawalsRoot != 0) {
            withdrawalsOf[header.number] = header.withdrawalsRoot | bytes32(uint256(parent.withdrawalsNext));
        }
        bytes32 hash = Headers.hash(header);
        headerHash[header.number] = hash;
        _moveTip(header);
        emit BatchCommitted(header.number, hash, header, kind, blobs);
    }

    function _requireFollows(Header calldata header, Tip memory parent) private view {
        if (header.exchangeId != exchangeId) revert Settlement_Exchange(exchangeId, header.exchangeId);
        uint64 number = parent.committed + 1;
        if (header.number != number) revert Settlement_Number(number, header.number);
        if (number - parent.finalized > PIPELINE_MAX) revert Settlement_PipelineFull(PIPELINE_MAX);
        bytes32 parentHash = headerHash[parent.committed];
        if (header.parentHash != parentHash) revert Settlement_Parent(parentHash, header.parentHash);
        if (header.stateBefore != parent.state) revert Settlement_State(parent.state, header.stateBefore);
        if (header.firstSequence != parent.nextSequence || header.nextSequence <= header.firstSequence) {
            revert Settlement_Sequence(parent.nextSequence, header.firstSequence, header.nextSequence);
        }
        if (header.firstTime < parent.lastTime || header.lastTime < header.firstTime) {
            revert Settlement_Time(parent.lastTime, header.firstTime, header.lastTime);
        }
        uint64 latest = uint64((block.timestamp + parent.driftSeconds) * 1000);
        if (header.lastTime > latest) revert Settlement_TimeAhead(latest, header.lastTime);
        _requireDigest(header.stateAfter);
        _requireDigest(header.dataRoot);
        _requireDigest(header.signaturesRoot);
        _requireDigest(header.receiptsRoot);
        _requireDigest(header.withdrawalsRoot);
        bool none = header.withdrawalsNext == parent.withdrawalsNext;
        if (
            header.withdrawalsNext < parent.withdrawalsNext || header.withdrawalsNext > WITHDRAWALS_MAX
                || none != (header.withdrawalsRoot == 0)
        ) revert Settlement_Withdrawals(parent.withdrawalsNext, header.withdrawalsNext, header.withdrawalsRoot);
    }

    function _requireInbox(Header calldata header, Tip memory parent) private view {
        if (header.inboxNext < parent.inboxNext) revert Settlement_InboxBackwards(parent.inboxNext, header.inboxNext);
        bytes32 expected = IBridge(bridge).inboxForCommit(header.inboxNext);
        if (header.inboxHash != expected) revert Settlement_InboxHash(expected, header.inboxHash);
    }

    function _moveVersion(Header calldata header, Tip memory parent) private {
        uint32 expected = IVerifierRegistry(registry).versionFor(header.number);
        if (header.version != expected) revert Settlement_Version(expected, header.version);
        if (header.version != parent.version) segments.push(Segment(header.number, header.version));
    }

    function _moveTip(Header calldata header) private {
        tip.committed = header.number;
        tip.nextSequence = header.nextSequence;
        tip.lastTime = header.lastTime;
        tip.inboxNext = header.inboxNext;
        tip.withdrawalsNext = header.withdrawalsNext;
        tip.version = header.version;
        tip.state = header.stateAfter;
    }

    // Prove

    function prove(uint8 proofType, uint64 first, uint32 count, bytes calldata proof) external whenRunning {
        uint64 cursor = proven[proofType];
        if (first != cursor + 1) revert Settlement_Cursor(cursor + 1, first);
        if (count == 0) revert Settlement_EmptyRange();
        uint64 last = cursor + count;
        if (last > tip.committed) revert Settlement_NotCommitted(tip.committed, last);
        uint32 version = versionOf(first);
        if (versionOf(last) != version) revert Settlement_MixedVersions(version, versionOf(last));
        bytes32 lastHash = headerHash[last];
        _verify(PublicValues(version, exchangeId, headerHash[cursor], lastHash, count), proofType, proof);
        proven[proofType] = last;
        usedTypes |= uint32(1) << proofType;
        emit BatchesProven(proofType, first, last, lastHash);
    }

    function contradict(uint8 proofType, Header calldata claimed, Header calldata shown, bytes calldata proof) external {
        bytes32 claimedHash = Headers.hash(claimed);
        _requireHash(claimed.number, claimedHash);
        if (claimed.number > tip.committed || claimed.number == 0) {
            revert Settlement_NotCommitted(tip.committed, claimed.number);
        }
        Header memory same = shown;
        // Neither has a say in what the inputs lead to, so a difference there contradicts nothing.
        same.daCommitment = claimed.daCommitment;
        same.signaturesRoot = claimed.signaturesRoot;
        if (
            shown.parentHash != claimed.parentHash || shown.number != claimed.number || shown.version != claimed.version
                || shown.dataRoot != claimed.dataRoot || Headers.hash(same) == claimedHash || contradicted[claimed.number]
        ) revert Settlement_NoContradiction();
        IVerifierRegistry programs = IVerifierRegistry(registry);
        if (programs.program(claimed.version, proofType).verifier.assumption() == Assumption.Development) {
            revert Settlement_DevelopmentProof();
        }
        bytes32 shownHash = Headers.hash(shown);
        _verify(PublicValues(claimed.version, exchangeId, claimed.parentHash, shownHash, 1), proofType, proof);
        contradicted[claimed.number] = true;
        emit ContradictionProven(claimed.number, proofType, claimedHash, shownHash);
        _pause(PauseClock.PAUSE_MAX, true);
        IIncidentLog(incidents).record(CONTRADICTION, sha256(abi.encode(claimedHash, shownHash)));
    }

    function _verify(PublicValues memory values, uint8 proofType, bytes calldata proof) private view {
        IVerifierRegistry(registry).verify(values.version, proofType, Headers.encode(values), proof);
    }

    // Finalize and revert

    function finalize(Header calldata last) external whenRunning {
        if (IBridge(bridge).rootFixed()) revert Settlement_RootFixed();
        uint64 done = tip.finalized;
        if (last.number <= done) revert Settlement_NothingToFinalize(done, last.number);
        if (last.number > tip.committed) revert Settlement_NotCommitted(tip.committed, last.number);
        _requireHash(last.number, Headers.hash(last));
        _requireProven(done + 1, last.number);
        tip.finalized = last.number;
        tip.finalizedInbox = last.inboxNext;
        finalizedState = last.stateAfter;
        emit BatchesFinalized(done + 1, last.number, last.stateAfter, last.inboxNext);
    }

    /// @dev Each version in the range asks for its own proofs, up to its own last batch.
    function _requireProven(uint64 first, uint64 last) private view {
        uint64 end = last;
        for (uint256 i = segments.length; i > 0 && end >= first; --i) {
            Segment memory segment = segments[i - 1];
            if (segment.from > end) continue;
            uint256 needed = IVerifierRegistry(registry).required(segment.version);
            for (uint8 proofType = 0; needed >> proofType != 0; ++proofType) {
                if ((needed >> proofType) & 1 == 1 && proven[proofType] < end) {
                    revert Settlement_Unproven(proofType, proven[proofType], end);
                }
            }
            if (segment.from == 0) break;
            end = segment.from - 1;
        }
    }

    function revertTo(Header calldata kept) external {
        if (msg.sender != operator && msg.sender != governance) revert Settlement_NotOperator(msg.sender);
        if (IBridge(bridge).frozenAt() != 0) revert Settlement_Frozen();
        uint64 end = tip.committed;
        if (kept.number < tip.finalized || kept.number >= end) revert Settlement_RevertRange(tip.finalized, end, kept.number);
        _requireHash(kept.number, Headers.hash(kept));
        for (uint64 number = kept.number + 1; number <= end; ++number) {
            delete headerHash[number];
            delete withdrawalsOf[number];
            delete contradicted[number];
        }
        while (segments[segments.length - 1].from > kept.number) segments.pop();
        uint32 used = usedTypes;
        for (uint8 proofType = 0; used >> proofType != 0; ++proofType) {
            if (proven[proofType] > kept.number) proven[proofType] = kept.number;
        }
        _moveTip(kept);
        emit BatchesReverted(kept.number + 1, end);
    }

    // Pause and settings

    function pause(uint32 duration) external onlyGuardian {
        _pause(duration, false);
    }

    function unpause() external onlyGuardian {
        clock.stop();
        emit Unpaused(msg.sender, uint48(block.timestamp));
    }

    function _pause(uint48 duration, bool forced) private {
        PauseClock.Span memory span = clock.start(duration, forced);
        emit Paused(msg.sender, span.since, span.until);
    }

    function setOperator(address operator_) external onlyGovernance {
        _setOperator(operator_);
    }

    function setCustodians(address[] calldata members, uint8 threshold) external onlyGovernance {
        _setCustodians(members, threshold);
    }

    function setDrift(uint32 driftSeconds_) external onlyGovernance {
        _setDrift(driftSeconds_);
    }

    function _setOperator(address operator_) private {
        if (operator_ == address(0)) revert Settlement_ZeroAddress();
        operator = operator_;
        emit OperatorChanged(operator_);
    }

    function _setCustodians(address[] memory members, uint8 threshold) private {
        custody.replace(members, threshold);
        emit CustodiansChanged(members, threshold);
    }

    function _setDrift(uint32 driftSeconds_) private {
        tip.driftSeconds = driftSeconds_;
        emit DriftChanged(driftSeconds_);
    }

    /// @dev Only governance, whose delay for this is longer than leaving takes.
    function _authorizeUpgrade(address) internal view override onlyGovernance {}

    function _requireExitTime() private view {
        if (!IVerifierRegistry(registry).production()) return;
        uint256 exitTime = uint256(IBridge(bridge).deadlineSeconds()) + IBridge(bridge).graceSeconds() + PauseClock.PAUSE_MAX;
        uint256 delay = IGovernance(governance).longDelay();
        if (delay <= exitTime) revert Settlement_ExitTime(exitTime, delay);
    }

    function _requireDigest(bytes32 word) private pure {
        if (!Headers.isDigest(word)) revert Settlement_Digest(word);
    }

    function _requireHash(uint64 number, bytes32 got) private view {
        bytes32 expected = headerHash[number];
        if (got != expected) revert Settlement_HeaderMismatch(expected, got);
    }

    // Views

    function committed() external view returns (uint64) {
        return tip.committed;
    }

    function finalized() external view returns (uint64) {
        return tip.finalized;
    }

    function finalizedInbox() external view returns (uint64) {
        return tip.finalizedInbox;
    }

    function driftSeconds() external view returns (uint32) {
        return tip.driftSeconds;
    }

    function versionOf(uint64 number) public view returns (uint32) {
        uint256 i = segments.length;
        while (segments[i - 1].from > number) --i;
        return segments[i - 1].version;
    }

    function withdrawals(uint64 number) external view returns (bytes32 root, uint64 first) {
        if (number > tip.finalized) return (0, 0);
        bytes32 word = withdrawalsOf[number];
        return (Trees.digest(word), uint40(uint256(word)));
    }

    function custodians() external view returns (address[] memory members, uint8 threshold) {
        return (custody.members, custody.threshold);
    }

    function paused() external view returns (bool) {
        return clock.running();
    }

    function pausedSince(uint256 time) external view returns (uint256) {
        return clock.pausedSince(time);
    }
}
