// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IGovernance} from "./interfaces/IGovernance.sol";

/// @title A timelock with two delays, and the name of the council that may pause.
/// @notice Guarantees: no call is made that was not announced for its whole delay; the council has no call of its own here
/// (SPEC S-25, S-26).
contract Governance is IGovernance {
    uint48 public immutable shortDelay;
    uint48 public immutable longDelay;
    address public proposer;
    address public council;
    mapping(bytes32 id => uint48 time) public readyAt;
    /// Calls that only add, and so wait for less long.
    mapping(bytes4 selector => bool) public additive;

    modifier onlyProposer() {
        if (msg.sender != proposer) revert Governance_NotProposer(msg.sender);
        _;
    }

    modifier onlyItself() {
        if (msg.sender != address(this)) revert Governance_NotItself(msg.sender);
        _;
    }

    constructor(address proposer_, address council_, uint48 shortDelay_, uint48 longDelay_, bytes4[] memory additive_) {
        if (shortDelay_ > longDelay_) revert Governance_DelayOrder(shortDelay_, longDelay_);
        shortDelay = shortDelay_;
        longDelay = longDelay_;
        _setProposer(proposer_);
        _setCouncil(council_);
        for (uint256 i = 0; i < additive_.length; ++i) {
            additive[additive_[i]] = true;
        }
    }

    function schedule(address target, uint256 value, bytes calldata data, bytes32 salt)
        external
        onlyProposer
        returns (bytes32 id)
    {
        id = idOf(target, value, data, salt);
        if (readyAt[id] != 0) revert Governance_AlreadyScheduled(id);
        bool short = value == 0 && data.length >= 4 && additive[bytes4(data[:4])];
        uint48 time = uint48(block.timestamp) + (short ? shortDelay : longDelay);
        readyAt[id] = time;
        emit Scheduled(id, target, value, data, salt, time);
    }

    function execute(address target, uint256 value, bytes calldata data, bytes32 salt) external payable {
        bytes32 id = idOf(target, value, data, salt);
        uint48 time = readyAt[id];
        if (time == 0) revert Governance_NotScheduled(id);
        if (block.timestamp < time) revert Governance_NotReady(time);
        delete readyAt[id];
        emit Executed(id);
        (bool done, bytes memory reason) = target.call{value: value}(data);
        if (!done) revert Governance_CallFailed(reason);
    }

    function cancel(bytes32 id) external onlyProposer {
        if (readyAt[id] == 0) revert Governance_NotScheduled(id);
        delete readyAt[id];
        emit Cancelled(id);
    }

    function setProposer(address proposer_) external onlyItself {
        _setProposer(proposer_);
    }

    function setCouncil(address council_) external onlyItself {
        _setCouncil(council_);
    }

    function _setProposer(address proposer_) private {
        if (proposer_ == address(0)) revert Governance_ZeroAddress();
        proposer = proposer_;
        emit ProposerChanged(proposer_);
    }

    function _setCouncil(address council_) private {
        council = council_;
        emit CouncilChanged(council_);
    }

    function idOf(address target, uint256 value, bytes calldata data, bytes32 salt) public pure returns (bytes32) {
        return sha256(abi.encode(target, value, data, salt));
    }
}
