// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A withdrawal as its leaf says it (SPEC B-33), and the batch that made it.
struct Withdrawal {
    uint64 batch;
    uint64 index;
    address to;
    uint16 asset;
    uint64 amount;
}

/// @notice An asset that may be deposited.
struct Asset {
    /// The token; zero for ether.
    address token;
    /// Decimal digits between an L1 unit and an internal one.
    uint8 scaleDigits;
    /// Whether it was ever listed.
    bool listed;
    /// The most that may be held, in internal units.
    uint64 totalMax;
    /// What was taken in and not paid out, in internal units.
    uint64 held;
}

/// @notice How a bridge begins.
struct BridgeParameters {
    address governance;
    /// Who may name the settlement contract, once.
    address binder;
    address incidents;
    /// Seconds in which an inbox entry must be in a final batch.
    uint32 deadlineSeconds;
    /// Seconds between a freeze and the fixing of the root.
    uint32 graceSeconds;
    /// What a forced operation costs at least, in wei.
    uint128 forcedFeeMin;
    /// How many forced operations fit into one L1 block.
    uint16 forcedPerBlockMax;
}

/// @notice Money in and out, the inbox, and the way out against the operator's will.
interface IBridge {
    /// `entry` is the bytes of SPEC B-32; `hash` the chained hash with it.
    event EntryAdded(uint64 indexed index, bytes32 hash, bytes entry);
    event Claimed(uint64 indexed index, address indexed to, uint16 asset, uint64 amount, address recipient);
    event Frozen(uint64 indexed index, uint48 time);
    event Thawed(uint48 time);
    event RootFixed(bytes32 stateRoot, uint64 inboxNext, uint64 batch);
    event Escaped(uint32 indexed account, uint16 indexed asset, address indexed owner, uint64 amount, address recipient);
    event Refunded(uint64 indexed index, address indexed owner, uint16 asset, uint64 amount, address recipient);
    event Bound(address indexed settlement);
    event FeesCollected(address indexed to, uint256 amount);
    event ForcedTermsChanged(uint128 feeMin, uint16 perBlockMax);

    error Bridge_NotGovernance(address caller);
    error Bridge_NotBinder(address caller);
    error Bridge_AlreadyBound(address settlement);
    error Bridge_NotBound();
    error Bridge_WrongSettlement(address settlement);
    error Bridge_Paused();
    error Bridge_Frozen();
    error Bridge_NotFrozen();
    error Bridge_RootFixed();
    error Bridge_RootNotFixed();
    error Bridge_TooEarly(uint256 earliest);
    error Bridge_UnknownAsset(uint16 asset);
    error Bridge_AssetListed(uint16 asset);
    error Bridge_TokenListed(address token);
    error Bridge_NoCode(address token);
    error Bridge_Scale(uint8 max, uint8 got);
    error Bridge_Cap(uint64 max, uint256 got);
    error Bridge_Dust(uint256 unit, uint256 got);
    error Bridge_NothingGained();
    error Bridge_EtherAmount(uint256 expected, uint256 got);
    error Bridge_ZeroAddress();
    error Bridge_ZeroAmount();
    error Bridge_Fee(uint256 expected, uint256 got);
    error Bridge_BlockFull(uint16 max);
    error Bridge_Parameter(uint8 change, uint256 length);
    error Bridge_BadKey();
    error Bridge_NotReleased(uint64 batch);
    error Bridge_BadPath();
    error Bridge_AlreadyClaimed(uint64 index);
    error Bridge_AlreadyEscaped(uint32 account, uint16 asset);
    error Bridge_AlreadyRefunded(uint64 index);
    error Bridge_NothingToPay();
    error Bridge_WrongEntry(uint64 index);
    error Bridge_NotADeposit(uint64 index);
    error Bridge_Consumed(uint64 index);
    error Bridge_NotRecipient(address to, address caller);
    error Bridge_EtherRefused(address to);
    error Bridge_Terms();

    /// @notice Names the settlement contract, once; only the binder.
    function bind(address settlement) external;

    /// @notice Deposits for an owner, into one of its accounts or (2^32 − 1) its first. `amount` is in units of L1; what is credited
    /// is what the balance of this contract gained.
    function deposit(uint16 asset, address owner, uint32 account, uint256 amount) external payable returns (uint64 index);

    /// @notice Cancels every order of an account of the caller, whether the operator likes it or not.
    function forceCancelAll(uint32 account) external payable returns (uint64 index);

    /// @notice Cancels likewise, and pays out up to `amount` internal units.
    function forceWithdraw(uint32 account, uint16 asset, uint64 amount) external payable returns (uint64 index);

    /// @notice Registers a session key for an account of the caller.
    function registerKey(uint32 account, uint8 slot, bytes32 publicKey, uint8 scopes, uint48 expires)
        external
        payable
        returns (uint64 index);

    /// @notice Revokes a session key of an account of the caller.
    function revokeKey(uint32 account, uint8 slot) external payable returns (uint64 index);

    /// @notice What the next forced operation costs.
    function forcedFee() external view returns (uint256);

    /// @notice Allows an asset, here and in the exchange; only governance.
    function listAsset(uint16 asset, address token, uint8 scaleDigits, uint64 totalMax) external returns (uint64 index);

    /// @notice Lists a market; only governance. `terms` is what follows change 1 in SPEC B-32.
    function listMarket(bytes calldata terms) external returns (uint64 index);

    /// @notice Changes 2 to 6 of SPEC B-32; only governance.
    function changeParameter(uint8 change, bytes calldata terms) external returns (uint64 index);

    /// @notice Pays a withdrawal of a final batch, once. Anyone may call; only the payee may name another recipient.
    function claim(Withdrawal calldata withdrawal, bytes32[] calldata path, address recipient) external;

    /// @notice Begins the freeze: shows an entry that is not final although its deadline has passed. Anyone may.
    function freeze(uint64 index, bytes calldata entry) external;

    /// @notice Ends a freeze in its first phase, once the missed entry is final after all. Anyone may.
    function thaw() external;

    /// @notice Fixes the root for ever when the first phase is over. Anyone may.
    function fixRoot() external;

    /// @notice Pays a balance from the fixed state, free and reserved, once. Proofs are the state map's lookup proofs. Anyone may call; only
    /// the owner may name another recipient.
    function escape(
        uint32 account,
        uint16 asset,
        bytes calldata ownerProof,
        bytes calldata balanceProof,
        address recipient
    ) external;

    /// @notice Pays back a deposit that no final batch consumed, once. Anyone may call; only the owner may name another recipient.
    function refund(uint64 index, bytes calldata entry, address recipient) external;

    /// @notice Pays out the fees of forced operations; only governance.
    function collectFees(address payable to) external;

    /// @notice Sets what forced operations cost and how many fit into a block; only governance.
    function setForcedTerms(uint128 feeMin, uint16 perBlockMax) external;

    /// @notice The chained hash over all entries before `next`, for a commit; reverts once frozen or if there are fewer.
    function inboxForCommit(uint64 next) external view returns (bytes32);

    function inboxHash(uint64 count) external view returns (bytes32);
    function inboxCount() external view returns (uint64);
    function asset(uint16 id) external view returns (Asset memory);
    function isClaimed(uint64 index) external view returns (bool);
    function isEscaped(uint32 account, uint16 asset) external view returns (bool);
    function isRefunded(uint64 index) external view returns (bool);
    function feesHeld() external view returns (uint256);
    function frozenAt() external view returns (uint48);
    function frozenIndex() external view returns (uint64);
    function rootFixed() external view returns (bool);
    function exitRoot() external view returns (bytes32);
    function exitInbox() external view returns (uint64);
    function deadlineSeconds() external view returns (uint32);
    function graceSeconds() external view returns (uint32);
    function settlement() external view returns (address);
    function governance() external view returns (address);
}
