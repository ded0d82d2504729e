//! Every bound of the journal and of snapshots, with the relations between them.

use ashlar_types::limits::MESSAGE_BYTES_MAX;

/// Entries of one ordered record.
pub const ENTRIES_MAX: usize = 1 << 16;
/// Bytes of one certificate.
pub const CERTIFICATE_BYTES_MAX: usize = 1 << 12;
/// Bytes of one group: everything that one write and one sync make durable.
pub const GROUP_BYTES_MAX: usize = 16 << 20;
/// Records of one group.
pub const GROUP_RECORDS_MAX: u32 = 1 << 16;
/// What is read and written begins and ends at a multiple of this, so that no write touches bytes of another.
pub const SECTOR_BYTES: usize = 512;
/// Bytes of a segment, unless a configuration says otherwise.
pub const SEGMENT_BYTES: u64 = 64 << 20;
/// The most bytes a segment may be configured to have.
pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;
/// Segments that may exist at once; each keeps one file open.
pub const SEGMENTS_MAX: usize = 4_096;
/// Unwindings that a journal remembers at once; those below its first segment are forgotten.
pub const UNWINDINGS_MAX: usize = 4_096;
/// Leaves that one diff changes: more than any batch can.
pub const DIFF_CHANGES_MAX: usize = 1 << 24;

const _: () = {
    assert!(MESSAGE_BYTES_MAX * 2 <= GROUP_BYTES_MAX, "a group holds any message");
    assert!(GROUP_BYTES_MAX as u64 + 4 * SECTOR_BYTES as u64 <= SEGMENT_BYTES, "a segment holds any group");
    assert!(SEGMENT_BYTES <= SEGMENT_BYTES_MAX);
    assert!(SECTOR_BYTES.is_power_of_two());
};
