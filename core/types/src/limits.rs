//! Every bound of the exchange, in one place, with the relations between them checked at compile time.
//!
//! A bound here is part of the protocol: the live engine, the proof guest and replay must agree on each of them.

/// Prices are ticks below this power of two.
pub const PRICE_BITS: u32 = 47;
/// Quantities are lots below this power of two.
pub const LOTS_BITS: u32 = 48;
/// The largest value of anything measured in an asset's internal units.
pub const AMOUNT_MAX: u64 = 1 << 63;
/// Times are milliseconds since the Unix epoch below this power of two.
pub const TIME_BITS: u32 = 48;

/// Commands under one signature.
pub const MESSAGE_COMMANDS_MAX: usize = 256;
/// Quotes in one mass quote.
pub const QUOTES_MAX: usize = 32;
/// Orders named by one sweep.
pub const SWEEP_ORDERS_MAX: usize = 64;
/// Bytes of one encoded command.
pub const COMMAND_BYTES_MAX: usize = 2_048;
/// Bytes of one encoded message with all of its commands.
pub const MESSAGE_BYTES_MAX: usize = 1 << 16;

/// Resting orders one command may trade against, its stop cascade included.
pub const MATCHES_MAX: u32 = 1_024;
/// Dead orders one command may drop on its way through the book.
pub const DROPS_MAX: u32 = 64;
/// Own resting orders that self-trade prevention may remove in one command.
pub const SELF_TRADES_MAX: u32 = 64;
/// Triggers one command may fire before the market waits for `continue`.
pub const CASCADE_MAX: u32 = 32;
/// Resting orders a fill-or-kill order may look at before it is refused.
pub const FOK_WALK_MAX: u32 = 1_024;

/// Markets an exchange can list.
pub const MARKETS_MAX: u16 = 4_096;
/// Assets an exchange can list.
pub const ASSETS_MAX: u16 = 4_096;
/// Accounts an exchange can open.
pub const ACCOUNTS_MAX: u32 = 1 << 28;
/// Session keys of one account; slot numbers are below this.
pub const KEYS_MAX: u8 = 8;
/// Orders and triggers one account may hold over all markets.
pub const ACCOUNT_ORDERS_MAX: u32 = 4_096;
/// Orders and triggers one market may hold.
pub const MARKET_ORDERS_MAX: u32 = 1 << 21;
/// Nonces below the highest one seen that may still be used.
pub const NONCE_WINDOW: u64 = 128;
/// How far beyond the highest nonce seen the next one may jump.
pub const NONCE_JUMP_MAX: u64 = 1 << 32;

/// Fee schedules, and tiers in each.
pub const SCHEDULES_MAX: u8 = 16;
/// Tiers in one fee schedule.
pub const TIERS_MAX: u8 = 16;
/// The highest fee rate any market may ever charge, in parts per million.
pub const FEE_CAP_PPM_MAX: u32 = 20_000;
/// One whole, in parts per million.
pub const PPM: u64 = 1_000_000;

/// How long past its command a message may ask to stay valid, in milliseconds.
pub const VALIDITY_MS_MAX: u64 = 30 * 24 * 3_600 * 1_000;

const _: () = {
    assert!(PRICE_BITS + 1 + 16 + 64 == 128, "a book key fills 128 bits");
    assert!(SWEEP_ORDERS_MAX * 16 + 16 <= COMMAND_BYTES_MAX);
    assert!(QUOTES_MAX * 48 + 16 <= COMMAND_BYTES_MAX);
    assert!(MESSAGE_COMMANDS_MAX * 96 <= MESSAGE_BYTES_MAX, "a full message of orders fits");
    assert!(ACCOUNT_ORDERS_MAX <= MARKET_ORDERS_MAX);
    assert!(FEE_CAP_PPM_MAX as u64 <= PPM);
    assert!(NONCE_WINDOW.is_power_of_two() && NONCE_WINDOW.is_multiple_of(64));
    assert!(FOK_WALK_MAX <= MATCHES_MAX, "a fill that was promised can be executed");
    assert!(TIERS_MAX as usize * SCHEDULES_MAX as usize <= 256);
};
