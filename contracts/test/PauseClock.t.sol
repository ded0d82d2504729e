// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Test} from "./Vm.sol";
import {PauseClock} from "../src/libraries/PauseClock.sol";

/// @notice A clock with nothing around it. A contract of its own, since the optimiser takes the time for constant within a call.
contract Paused {
    using PauseClock for PauseClock.Clock;

    PauseClock.Clock private clock;

    function start(uint48 duration, bool forced) external returns (PauseClock.Span memory) {
        return clock.start(duration, forced);
    }

    function stop() external {
        clock.stop();
    }

    function until() external view returns (uint48) {
        return clock.until();
    }

    function pausedSince(uint256 time) external view returns (uint256) {
        return clock.pausedSince(time);
    }
}

/// @notice Pauses of any length, ordinary and forced, in any order: what the settlement contract's own never show.
contract PauseClockTest is Test {
    uint48 private constant START = 1_800_000_000;

    Paused private clock;

    function setUp() public {
        vm.warp(START);
        clock = new Paused();
    }

    function test_a_forced_pause_never_shortens_the_one_that_runs() public {
        clock.start(7 days, false);
        vm.warp(START + 1 days);
        PauseClock.Span memory span = clock.start(1 days, true);
        same(START, span.since);
        same(START + 7 days, span.until);
        same(START + 7 days, clock.until());
        vm.warp(START + 7 days);
        same(0, clock.until());
        same(7 days, clock.pausedSince(START));
    }

    function test_a_pause_has_a_length_and_an_end() public {
        vm.expectRevert(abi.encodeWithSelector(PauseClock.PauseClock_TooLong.selector, 7 days, 0));
        clock.start(0, true);
        vm.expectRevert(abi.encodeWithSelector(PauseClock.PauseClock_TooLong.selector, 7 days, 7 days + 1));
        clock.start(7 days + 1, true);
        vm.expectRevert(PauseClock.PauseClock_NotPaused.selector);
        clock.stop();
        clock.start(2 days, false);
        vm.warp(START + 1 days);
        vm.expectRevert(abi.encodeWithSelector(PauseClock.PauseClock_TooSoon.selector, START + 23 days));
        clock.start(1 days, false);
        clock.stop();
        vm.expectRevert(PauseClock.PauseClock_NotPaused.selector);
        clock.stop();
        same(1 days, clock.pausedSince(START));
        // A forced one waits for no rest.
        clock.start(1 days, true);
        vm.warp(START + 3 days);
        same(2 days, clock.pausedSince(START));
        same(1 days, clock.pausedSince(START + 1 days));
    }

    /// However pauses follow each other and end, what is counted is what a clock that is looked at every hour has seen. Forced ones follow each other
    /// closely in half of the runs; in the others they leave room for ordinary ones, which begin only after a rest.
    function testFuzz_seconds_of_pause_are_counted_once(uint256 seed) public {
        uint256 seen = 0;
        uint256 rested = 0;
        uint256 forcedOnceIn = seed % 2 == 0 ? 24 : 720;
        for (uint256 hour = 0; hour < 24 * 60; ++hour) {
            uint256 time = START + hour * 1 hours;
            vm.warp(time);
            uint256 random = uint256(keccak256(abi.encode(seed, hour)));
            uint48 duration = uint48((1 + (random >> 8) % 72) * 1 hours);
            bool isPaused = clock.until() != 0;
            if (random % forcedOnceIn == 0) {
                rested = clock.start(duration, true).until + 21 days;
            } else if ((random >> 16) % 48 == 0 && time < rested) {
                vm.expectRevert(abi.encodeWithSelector(PauseClock.PauseClock_TooSoon.selector, rested));
                clock.start(duration, false);
            } else if ((random >> 16) % 48 == 0) {
                rested = clock.start(duration, false).until + 21 days;
            } else if ((random >> 32) % 48 == 0 && isPaused) {
                clock.stop();
                rested = time + 21 days;
            } else if ((random >> 32) % 48 == 0) {
                vm.expectRevert(PauseClock.PauseClock_NotPaused.selector);
                clock.stop();
            }
            if (clock.until() != 0) seen += 1 hours;
        }
        vm.warp(START + 60 days);
        same(seen, clock.pausedSince(START));
    }
}
