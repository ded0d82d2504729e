// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Asset, BridgeParameters, IBridge, Withdrawal} from "./interfaces/IBridge.sol";
import {IIncidentLog} from "./interfaces/IIncidentLog.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {Domains} from "./libraries/Domains.sol";
import {Entries} from "./libraries/Entries.sol";
import {ForcedFee} from "./libraries/ForcedFee.sol";
import {Purse} from "./libraries/Purse.sol";
import {StateProof} from "./libraries/StateProof.sol";
import {Trees} from "./libraries/Trees.sol";

/// @title Money in and out, the inbox, and the way out against the operator's will.
/// @notice Guarantees:
/// 1. Every entry is chained to the one before, so a hash and an index say all of them (SPEC S-3).
/// 2. What users are owed is at most what is held: nothing is credited that did not arrive, nothing is paid twice (SPEC S-11 to S-14).
/// 3. No pause stops a claim, a forced operation, an escape or a refund (SPEC S-9, S-17).
/// 4. A missed deadline can be shown by anyone, and then ends in an exit that needs nobody (SPEC S-16 to S-18).
contract Bridge is IBridge, Initializable, UUPSUpgradeable, ReentrancyGuardTransient {
    using ForcedFee for ForcedFee.Meter;
    using Purse for Asset;

    bytes32 private constant MISSED_DEADLINE = "missed deadline";

    address public governance;
    uint48 public frozenAt;
    uint32 public deadlineSeconds;
    address public settlement;
    uint64 public frozenIndex;
    uint32 public graceSeconds;
    address public incidents;
    uint64 public inboxCount;
    bool public rootFixed;
    address private binder;
    uint64 public exitInbox;
    bytes32 public exitRoot;
    uint256 public feesHeld;
    ForcedFee.Meter private meter;
    mapping(uint64 count => bytes32 hash) public inboxHash;
    mapping(uint16 id => Asset) private assets;
    mapping(address token => bool) private tokenListed;
    mapping(uint256 word => uint256 bits) private claimedBits;
    mapping(uint256 word => uint256 bits) private escapedBits;
    mapping(uint256 word => uint256 bits) private refundedBits;

    modifier onlyGovernance() {
        if (msg.sender != governance) revert Bridge_NotGovernance(msg.sender);
        _;
    }

    modifier onlyRootFixed() {
        if (!rootFixed) revert Bridge_RootNotFixed();
        _;
    }

    constructor() {
        _disableInitializers();
    }

    function initialize(BridgeParameters calldata parameters) external initializer {
        if (
            parameters.governance == address(0) || parameters.binder == address(0) || parameters.incidents == address(0)
        ) revert Bridge_ZeroAddress();
        if (parameters.deadlineSeconds == 0) revert Bridge_Terms();
        governance = parameters.governance;
        binder = parameters.binder;
        incidents = parameters.incidents;
        deadlineSeconds = parameters.deadlineSeconds;
        graceSeconds = parameters.graceSeconds;
        _setForcedTerms(parameters.forcedFeeMin, parameters.forcedPerBlockMax);
    }

    function bind(address settlement_) external {
        if (msg.sender != binder) revert Bridge_NotBinder(msg.sender);
        if (settlement != address(0)) revert Bridge_AlreadyBound(settlement);
        if (settlement_.code.length == 0 || ISettlement(settlement_).bridge() != address(this)) {
            revert Bridge_WrongSettlement(settlement_);
        }
        settlement = settlement_;
        emit Bound(settlement_);
    }

    // Entries

    function deposit(uint16 id, address owner, uint32 account, uint256 amount)
        external
        payable
        nonReentrant
        returns (uint64 index)
    {
        if (_settlement().paused()) revert Bridge_Paused();
        if (owner == address(0)) revert Bridge_ZeroAddress();
        uint64 credited = _asset(id).take(amount);
        return _add(Entries.DEPOSIT, abi.encodePacked(owner, account, id, credited));
    }

    function forceCancelAll(uint32 account) external payable nonReentrant returns (uint64 index) {
        index = _add(Entries.FORCED_CANCEL_ALL, abi.encodePacked(msg.sender, account));
        _payFee();
    }

    function forceWithdraw(uint32 account, uint16 id, uint64 amount) external payable nonReentrant returns (uint64 index) {
        _asset(id);
        if (amount == 0) revert Bridge_ZeroAmount();
        index = _add(Entries.FORCED_WITHDRAWAL, abi.encodePacked(msg.sender, account, id, amount));
        _payFee();
    }

    function registerKey(uint32 account, uint8 slot, bytes32 publicKey, uint8 scopes, uint48 expires)
        external
        payable
        nonReentrant
        returns (uint64 index)
    {
        if (publicKey == 0) revert Bridge_BadKey();
        index = _add(Entries.REGISTER_KEY, abi.encodePacked(msg.sender, account, slot, publicKey, scopes, expires));
        _payFee();
    }

    function revokeKey(uint32 account, uint8 slot) external payable nonReentrant returns (uint64 index) {
        index = _add(Entries.REVOKE_KEY, abi.encodePacked(msg.sender, account, slot));
        _payFee();
    }

    function listAsset(uint16 id, address token, uint8 scaleDigits, uint64 totalMax)
        external
        onlyGovernance
        returns (uint64 index)
    {
        if (assets[id].listed) revert Bridge_AssetListed(id);
        if (tokenListed[token]) revert Bridge_TokenListed(token);
        if (token != address(0) && token.code.length == 0) revert Bridge_NoCode(token);
        if (scaleDigits > Purse.SCALE_MAX) revert Bridge_Scale(Purse.SCALE_MAX, scaleDigits);
        if (totalMax > Purse.AMOUNT_MAX) revert Bridge_Cap(Purse.AMOUNT_MAX, totalMax);
        assets[id] = Asset(token, scaleDigits, true, totalMax, 0);
        tokenListed[token] = true;
        return _add(Entries.PARAMETER, abi.encodePacked(Entries.LIST_ASSET, id, token, scaleDigits, totalMax));
    }

    function listMarket(bytes calldata terms) external onlyGovernance returns (uint64 index) {
        return _addParameter(Entries.LIST_MARKET, terms);
    }

    function changeParameter(uint8 change, bytes calldata terms) external onlyGovernance returns (uint64 index) {
        // Listings have functions of their own: the one has to be known here too, the other waits for less long.
        if (change == Entries.LIST_ASSET || change == Entries.LIST_MARKET) revert Bridge_Parameter(change, terms.length);
        return _addParameter(change, terms);
    }

    function _addParameter(uint8 change, bytes calldata terms) private returns (uint64) {
        if (terms.length == 0 || terms.length != Entries.parameterBytes(change)) {
            revert Bridge_Parameter(change, terms.length);
        }
        return _add(Entries.PARAMETER, abi.encodePacked(change, terms));
    }

    function _add(uint8 kind, bytes memory rest) private returns (uint64 index) {
        if (settlement == address(0)) revert Bridge_NotBound();
        if (frozenAt != 0) revert Bridge_Frozen();
        index = inboxCount;
        bytes memory entry = bytes.concat(Entries.head(kind, index), rest);
        bytes32 hash = Entries.chain(inboxHash[index], entry);
        inboxHash[index + 1] = hash;
        inboxCount = index + 1;
        emit EntryAdded(index, hash, entry);
    }

    function _payFee() private {
        uint256 fee = meter.take();
        if (msg.value < fee) revert Bridge_Fee(fee, msg.value);
        feesHeld += fee;
        if (msg.value > fee) Purse.sendEther(msg.sender, msg.value - fee);
    }

    // Withdrawals

    function claim(Withdrawal calldata withdrawal, bytes32[] calldata path, address recipient) external nonReentrant {
        (bytes32 root, uint64 first) = _settlement().withdrawals(withdrawal.batch);
        if (root == 0) revert Bridge_NotReleased(withdrawal.batch);
        if (withdrawal.index < first) revert Bridge_BadPath();
        bytes32 leaf = Trees.leaf(
            Domains.WITHDRAWAL_LEAF,
            abi.encodePacked(withdrawal.index, withdrawal.to, withdrawal.asset, withdrawal.amount)
        );
        if (Trees.climb(Domains.WITHDRAWAL_NODE, leaf, withdrawal.index - first, path) != root) revert Bridge_BadPath();
        if (!_mark(claimedBits, withdrawal.index)) revert Bridge_AlreadyClaimed(withdrawal.index);
        _requireRecipient(withdrawal.to, recipient);
        emit Claimed(withdrawal.index, withdrawal.to, withdrawal.asset, withdrawal.amount, recipient);
        _asset(withdrawal.asset).pay(recipient, withdrawal.amount);
    }

    // The way out

    function freeze(uint64 index, bytes calldata entry) external {
        if (frozenAt != 0) revert Bridge_Frozen();
        _requireEntry(index, entry);
        ISettlement chain = _settlement();
        if (index < chain.finalizedInbox()) revert Bridge_Consumed(index);
        uint256 since = Entries.time(entry);
        uint256 deadline = since + chain.pausedSince(since) + deadlineSeconds;
        if (block.timestamp <= deadline) revert Bridge_TooEarly(deadline);
        frozenAt = uint48(block.timestamp);
        frozenIndex = index;
        emit Frozen(index, uint48(block.timestamp));
        IIncidentLog(incidents).record(MISSED_DEADLINE, inboxHash[index + 1]);
    }

    function thaw() external {
        if (frozenAt == 0) revert Bridge_NotFrozen();
        if (rootFixed) revert Bridge_RootFixed();
        if (_settlement().finalizedInbox() <= frozenIndex) revert Bridge_Frozen();
        frozenAt = 0;
        emit Thawed(uint48(block.timestamp));
    }

    function fixRoot() external {
        if (frozenAt == 0) revert Bridge_NotFrozen();
        if (rootFixed) revert Bridge_RootFixed();
        ISettlement chain = _settlement();
        uint64 inboxNext = chain.finalizedInbox();
        if (inboxNext > frozenIndex) revert Bridge_Consumed(frozenIndex);
        uint256 earliest = frozenAt + chain.pausedSince(frozenAt) + graceSeconds;
        if (block.timestamp <= earliest) revert Bridge_TooEarly(earliest);
        rootFixed = true;
        exitRoot = chain.finalizedState();
        exitInbox = inboxNext;
        emit RootFixed(exitRoot, inboxNext, chain.finalized());
    }

    function escape(
        uint32 account,
        uint16 id,
        bytes calldata ownerProof,
        bytes calldata balanceProof,
        address recipient
    ) external nonReentrant onlyRootFixed {
        address owner = _ownerOf(account, ownerProof);
        bytes memory balance =
            StateProof.read(exitRoot, StateProof.key(StateProof.KIND_BALANCE, account, id), 2, balanceProof);
        uint64 amount = StateProof.word(balance, 0) + StateProof.word(balance, 1);
        if (amount == 0) revert Bridge_NothingToPay();
        if (!_mark(escapedBits, (uint256(account) << 16) | id)) revert Bridge_AlreadyEscaped(account, id);
        _requireRecipient(owner, recipient);
        emit Escaped(account, id, owner, amount, recipient);
        _asset(id).pay(recipient, amount);
    }

    function _ownerOf(uint32 account, bytes calldata proof) private view returns (address) {
        bytes24 key = StateProof.key(StateProof.KIND_ACCOUNT_OWNER, account, 0);
        bytes memory words = StateProof.read(exitRoot, key, 3, proof);
        return address(
            (uint160(StateProof.word(words, 0)) << 96) | (uint160(StateProof.word(words, 1)) << 32)
                | uint32(StateProof.word(words, 2))
        );
    }

    function refund(uint64 index, bytes calldata entry, address recipient) external nonReentrant onlyRootFixed {
        if (index < exitInbox) revert Bridge_Consumed(index);
        _requireEntry(index, entry);
        (bool isDeposit, address owner, uint16 id, uint64 amount) = Entries.deposit(entry);
        if (!isDeposit) revert Bridge_NotADeposit(index);
        if (!_mark(refundedBits, index)) revert Bridge_AlreadyRefunded(index);
        _requireRecipient(owner, recipient);
        emit Refunded(index, owner, id, amount, recipient);
        _asset(id).pay(recipient, amount);
    }

    // Settings

    function collectFees(address payable to) external nonReentrant onlyGovernance {
        uint256 amount = feesHeld;
        feesHeld = 0;
        emit FeesCollected(to, amount);
        Purse.sendEther(to, amount);
    }

    function setForcedTerms(uint128 feeMin, uint16 perBlockMax) external onlyGovernance {
        _setForcedTerms(feeMin, perBlockMax);
    }

    /// @dev Nobody, governance included, may price forced operations out of reach.
    function _setForcedTerms(uint128 feeMin, uint16 perBlockMax) private {
        if (feeMin > 0.1 ether || perBlockMax == 0) revert Bridge_Terms();
        meter.feeMin = feeMin;
        meter.perBlockMax = perBlockMax;
        emit ForcedTermsChanged(feeMin, perBlockMax);
    }

    function _authorizeUpgrade(address) internal view override onlyGovernance {}

    // Checks

    function _settlement() private view returns (ISettlement) {
        if (settlement == address(0)) revert Bridge_NotBound();
        return ISettlement(settlement);
    }

    function _asset(uint16 id) private view returns (Asset storage found) {
        found = assets[id];
        if (!found.listed) revert Bridge_UnknownAsset(id);
    }

    function _requireEntry(uint64 index, bytes calldata entry) private view {
        if (index >= inboxCount || Entries.chain(inboxHash[index], entry) != inboxHash[index + 1]) {
            revert Bridge_WrongEntry(index);
        }
    }

    function _requireRecipient(address payee, address recipient) private view {
        if (recipient != payee && msg.sender != payee) revert Bridge_NotRecipient(payee, msg.sender);
        if (recipient == address(0)) revert Bridge_ZeroAddress();
    }

    function _mark(mapping(uint256 word => uint256 bits) storage bits, uint256 place) private returns (bool fresh) {
        uint256 bit = 1 << (place & 0xff);
        uint256 word = bits[place >> 8];
        if (word & bit != 0) return false;
        bits[place >> 8] = word | bit;
        return true;
    }

    // Views

    function inboxForCommit(uint64 next) external view returns (bytes32) {
        if (frozenAt != 0) revert Bridge_Frozen();
        if (next > inboxCount) revert Bridge_WrongEntry(next);
        return inboxHash[next];
    }

    function forcedFee() external view returns (uint256) {
        return meter.quote();
    }

    function asset(uint16 id) external view returns (Asset memory) {
        return assets[id];
    }

    function isClaimed(uint64 index) external view returns (bool) {
        return _isMarked(claimedBits, index);
    }

    function isEscaped(uint32 account, uint16 id) external view returns (bool) {
        return _isMarked(escapedBits, (uint256(account) << 16) | id);
    }

    function isRefunded(uint64 index) external view returns (bool) {
        return _isMarked(refundedBits, index);
    }

    function _isMarked(mapping(uint256 word => uint256 bits) storage bits, uint256 place) private view returns (bool) {
        return (bits[place >> 8] >> (place & 0xff)) & 1 == 1;
    }
}
