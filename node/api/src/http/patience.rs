//! How long clients are waited for.

use std::time::Duration;

use crate::limits::{HEAD_MS_MAX, PING_MS, REQUEST_MS_MAX, SEND_MS_MAX, SILENCE_MS_MAX, STALL_MS_MAX};

/// How long clients are waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// Until a request's head is there.
    pub head: Duration,
    /// Until its body is there and it is answered.
    pub request: Duration,
    /// Until something is sent that is said on a stream or over the gateway.
    pub send: Duration,
    /// Until a connection takes any more of what it is being sent; longer than for a send, so that who stops a send can say so.
    pub stall: Duration,
    /// Until a stream or the gateway says something, if only that it is there.
    pub silence: Duration,
    /// Between two pings to a stream.
    pub ping: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        let ms = Duration::from_millis;
        Patience {
            head: ms(HEAD_MS_MAX),
            request: ms(REQUEST_MS_MAX),
            send: ms(SEND_MS_MAX),
            stall: ms(STALL_MS_MAX),
            silence: ms(SILENCE_MS_MAX),
            ping: ms(PING_MS),
        }
    }
}
