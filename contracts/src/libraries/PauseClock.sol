// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Capped pauses, and how long something was paused since a time.
library PauseClock {
    error PauseClock_TooLong(uint256 max, uint256 got);
    error PauseClock_TooSoon(uint256 earliest);
    error PauseClock_NotPaused();

    /// The longest pause.
    uint48 internal constant PAUSE_MAX = 7 days;
    /// After a pause ends, none begins for so long: an exchange cannot be paused for more than a quarter of its time.
    uint48 internal constant REST_MIN = 21 days;

    struct Span {
        uint48 since;
        uint48 until;
    }

    struct Clock {
        Span[] spans;
    }

    /// @notice Begins a pause. A forced one does not wait for the rest after the last, and lengthens one that runs.
    function start(Clock storage clock, uint48 duration, bool forced) internal returns (Span memory span) {
        if (duration == 0 || duration > PAUSE_MAX) revert PauseClock_TooLong(PAUSE_MAX, duration);
        uint48 now_ = uint48(block.timestamp);
        span = Span(now_, now_ + duration);
        uint256 count = clock.spans.length;
        if (count != 0) {
            Span storage last = clock.spans[count - 1];
            if (!forced && now_ < last.until + REST_MIN) revert PauseClock_TooSoon(last.until + REST_MIN);
            if (now_ < last.until) {
                span.since = last.since;
                if (last.until > span.until) span.until = last.until;
                last.until = span.until;
                return span;
            }
        }
        clock.spans.push(span);
    }

    /// @notice Ends the pause that runs.
    function stop(Clock storage clock) internal {
        if (!running(clock)) revert PauseClock_NotPaused();
        clock.spans[clock.spans.length - 1].until = uint48(block.timestamp);
    }

    /// @notice When the pause that runs ends; zero if none does.
    function until(Clock storage clock) internal view returns (uint48) {
        return running(clock) ? clock.spans[clock.spans.length - 1].until : 0;
    }

    function running(Clock storage clock) internal view returns (bool) {
        uint256 count = clock.spans.length;
        return count != 0 && block.timestamp < clock.spans[count - 1].until;
    }

    /// @notice Seconds of pause from a time until now. Pauses lie weeks apart, so few are looked at.
    function pausedSince(Clock storage clock, uint256 time) internal view returns (uint256 total) {
        for (uint256 i = clock.spans.length; i > 0; --i) {
            Span storage span = clock.spans[i - 1];
            if (span.until <= time) break;
            uint256 from = span.since > time ? span.since : time;
            uint256 to = span.until < block.timestamp ? span.until : block.timestamp;
            if (to > from) total += to - from;
        }
    }
}
