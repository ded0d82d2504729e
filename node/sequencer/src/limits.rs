//! Every bound of the node's own, with the relations between them.

use ashlar_batch::limits::COMMANDS_MAX;
use ashlar_types::limits::MESSAGE_COMMANDS_MAX;

/// Messages whose signatures are checked together.
pub const GROUP_MESSAGES_MAX: usize = 256;
/// A group of so many gains little by more.
pub const GROUP_MESSAGES_ENOUGH: usize = 64;
/// Microseconds between the beginnings of two groups that are smaller than that.
pub const GROUP_PAUSE_US: u64 = 1_000;
/// Groups on their way through one checker.
pub const GROUPS_WAITING_MAX: usize = 4;
/// Things that wait for the engine: groups of messages, entries of the inbox, questions.
pub const ENGINE_WAITING_MAX: usize = 64;
/// Inputs of one block.
pub const BLOCK_INPUTS_MAX: usize = 1_024;
/// Commands after which a block is closed, so that an answer never waits for many others.
pub const BLOCK_COMMANDS_MAX: usize = 1 << 15;
/// Executed blocks that wait to become durable; the engine waits when there are more.
pub const BLOCKS_WAITING_MAX: usize = 32;
/// Blocks that become durable together.
pub const COMMIT_BLOCKS_MAX: usize = 16;
/// Links after a place and up to the signed end: everything that one group commit can hold.
pub const RECEIPT_LINKS_MAX: usize = BLOCK_INPUTS_MAX * COMMIT_BLOCKS_MAX;
/// Keys and addresses whose rate is remembered, each.
pub const RATES_MAX: usize = 1 << 16;
/// Blocks kept for those who ask again for an answer they were given.
pub const BLOCKS_KEPT_MAX: usize = 1 << 14;
/// Commands that are executed again after a start although a checkpoint is newer, so that their trades and histories are shown as before.
pub const RECALLED_COMMANDS: u64 = 1 << 17;
/// Messages whose answer is remembered (SPEC C-35).
pub const ANSWERS_MAX: usize = 1 << 16;
/// Requests that wait for one service.
pub const SERVICE_WAITING_MAX: usize = 64;
/// Built batches kept in memory.
pub const SEALED_KEPT_MAX: usize = 32;
/// Final batches of which a client of L1 is told at a start; those of one that ran when the node stopped are far fewer.
pub const NOTED_BATCHES_MAX: usize = 4_096;
/// Entries of the inbox that are remembered for those who ask.
pub const INBOX_KEPT_MAX: usize = 1 << 16;
/// Commands that wait to be built into batches; trading waits when there are more.
pub const UNBUILT_COMMANDS_MAX: u64 = 1 << 23;
/// Unwindings that are remembered for those who ask what became of their commands.
pub const UNWINDINGS_KEPT_MAX: usize = 64;
/// Alerts remembered.
pub const ALERTS_MAX: usize = 256;
/// Lines of one audit entry.
pub const AUDIT_BYTES_MAX: usize = 1 << 12;

const _: () = {
    assert!(GROUP_MESSAGES_MAX <= BLOCK_INPUTS_MAX, "a group fits a block");
    assert!(GROUP_MESSAGES_ENOUGH <= GROUP_MESSAGES_MAX, "a group has an end");
    assert!(BLOCK_COMMANDS_MAX + MESSAGE_COMMANDS_MAX <= COMMANDS_MAX, "a block fits a batch");
};
