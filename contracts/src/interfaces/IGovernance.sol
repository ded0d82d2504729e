// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice A timelock. Its proposer schedules calls that anyone may execute later; the security council can only pause, in the contracts
/// that ask this one who it is.
interface IGovernance {
    event Scheduled(bytes32 indexed id, address indexed target, uint256 value, bytes data, bytes32 salt, uint48 readyAt);
    event Executed(bytes32 indexed id);
    event Cancelled(bytes32 indexed id);
    event ProposerChanged(address indexed proposer);
    event CouncilChanged(address indexed council);

    error Governance_NotProposer(address caller);
    error Governance_NotItself(address caller);
    error Governance_AlreadyScheduled(bytes32 id);
    error Governance_NotScheduled(bytes32 id);
    error Governance_NotReady(uint48 readyAt);
    error Governance_CallFailed(bytes reason);
    error Governance_DelayOrder(uint48 short, uint48 long);
    error Governance_ZeroAddress();

    function schedule(address target, uint256 value, bytes calldata data, bytes32 salt) external returns (bytes32 id);
    function execute(address target, uint256 value, bytes calldata data, bytes32 salt) external payable;
    function cancel(bytes32 id) external;

    /// @notice Only by a scheduled call to itself.
    function setProposer(address proposer) external;
    /// @notice Only by a scheduled call to itself.
    function setCouncil(address council) external;

    function readyAt(bytes32 id) external view returns (uint48);
    function idOf(address target, uint256 value, bytes calldata data, bytes32 salt) external pure returns (bytes32);
    function proposer() external view returns (address);
    function council() external view returns (address);
    /// @notice Seconds that listing an asset or a market waits.
    function shortDelay() external view returns (uint48);
    /// @notice Seconds that everything else waits.
    function longDelay() external view returns (uint48);
}
