// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What forced operations cost, and how many fit into a block.
library ForcedFee {
    error ForcedFee_BlockFull(uint16 max);

    /// Operations above the pace after which the fee is four times the least.
    uint256 private constant DOUBLING = 16;

    struct Meter {
        uint128 feeMin;
        uint16 perBlockMax;
        /// Operations above one per block, so far.
        uint32 load;
        uint16 inBlock;
        uint64 lastBlock;
    }

    /// @notice Counts one more; returns what it costs.
    function take(Meter storage meter) internal returns (uint256 fee) {
        Meter memory now_ = current(meter);
        if (now_.inBlock >= now_.perBlockMax) revert ForcedFee_BlockFull(now_.perBlockMax);
        fee = price(now_);
        meter.load = now_.load + 1;
        meter.inBlock = now_.inBlock + 1;
        meter.lastBlock = now_.lastBlock;
    }

    /// @notice What the next one costs. It grows with the square of the load, and the load falls by one in each block.
    function quote(Meter storage meter) internal view returns (uint256) {
        return price(current(meter));
    }

    function price(Meter memory meter) private pure returns (uint256) {
        uint256 weight = DOUBLING + meter.load;
        return meter.feeMin * weight * weight / (DOUBLING * DOUBLING);
    }

    function current(Meter storage meter) private view returns (Meter memory now_) {
        now_ = meter;
        uint256 passed = block.number - now_.lastBlock;
        if (passed == 0) return now_;
        now_.load = passed >= now_.load ? 0 : uint32(now_.load - passed);
        now_.inBlock = 0;
        now_.lastBlock = uint64(block.number);
    }
}
