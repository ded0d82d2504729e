// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Asset, IBridge} from "../interfaces/IBridge.sol";

/// @notice Takes assets in and pays them out. `held` of an asset moves with every unit, so what is owed stays below what is held.
library Purse {
    using SafeERC20 for IERC20;

    /// What a word of the exchange may say (2^63).
    uint64 internal constant AMOUNT_MAX = 1 << 63;
    uint8 internal constant SCALE_MAX = 18;

    /// @notice Takes units of L1 from the caller; returns the internal units that the balance gained, which are never
    /// more than arrived: what does not divide is refused, not rounded.
    function take(Asset storage asset, uint256 amount) internal returns (uint64 credited) {
        uint256 gained = asset.token == address(0) ? _takeEther(amount) : _takeToken(IERC20(asset.token), amount);
        if (gained == 0) revert IBridge.Bridge_NothingGained();
        uint256 unit = 10 ** asset.scaleDigits;
        if (gained % unit != 0) revert IBridge.Bridge_Dust(unit, gained);
        uint256 held = asset.held + gained / unit;
        if (held > asset.totalMax) revert IBridge.Bridge_Cap(asset.totalMax, held);
        credited = uint64(gained / unit);
        asset.held = uint64(held);
    }

    /// @notice Pays internal units to somebody.
    function pay(Asset storage asset, address to, uint64 amount) internal {
        asset.held -= amount;
        uint256 units = uint256(amount) * 10 ** asset.scaleDigits;
        if (asset.token == address(0)) sendEther(to, units);
        else IERC20(asset.token).safeTransfer(to, units);
    }

    function sendEther(address to, uint256 amount) internal {
        (bool sent,) = to.call{value: amount}("");
        if (!sent) revert IBridge.Bridge_EtherRefused(to);
    }

    function _takeEther(uint256 amount) private view returns (uint256) {
        if (msg.value != amount) revert IBridge.Bridge_EtherAmount(amount, msg.value);
        return amount;
    }

    function _takeToken(IERC20 token, uint256 amount) private returns (uint256) {
        if (msg.value != 0) revert IBridge.Bridge_EtherAmount(0, msg.value);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 afterwards = token.balanceOf(address(this));
        return afterwards > before ? afterwards - before : 0;
    }
}
