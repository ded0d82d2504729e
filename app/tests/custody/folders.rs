//! Custodians in the exchange's own process: one command, and still nothing of the data on L1.

use super::exchange::ran_until_final;
use super::parts::{Folder, clean, finding, recover};

#[test]
fn custodians_in_process_sign_for_what_is_committed_and_any_half_of_the_folders_is_enough() {
    let folder = Folder::new("folders");
    let data = folder.path("exchange");
    let up = |publish| ran_until_final(&data, 60, &["--publish", publish]);
    let told = up("custody");
    assert!(told.contains("custodians in this process, 3 of whom sign"), "{told}");
    let folders = |which: &[usize]| -> Vec<String> {
        which.iter().flat_map(|which| ["--da".to_owned(), format!("{data}/da-{which}")]).collect()
    };
    let half = folders(&[1, 3]);
    let half: Vec<&str> = ["--data", &data].into_iter().chain(half.iter().map(String::as_str)).collect();
    let summary = clean(&half);
    assert!(summary["committed"].as_u64() > Some(0), "{summary}");
    assert_eq!(summary["data_custody"], summary["committed"]);
    let why = finding(&["--data", &data, "--calldata"]);
    assert!(why.contains("batch 1: its data is withheld") && why.contains("with custodians"), "{why}");
    let told = recover(&folder.path("recovered"), &half);
    assert_eq!((&told["state_root"], &told["batch"]), (&summary["state_root"], &summary["batch"]));

    // The same exchange by another target: contracts and custodians stay as they are, and old batches are found where they are.
    up("calldata");
    up("auto");
    let all = clean(&["--data", &data]);
    assert!(all["data_custody"].as_u64() >= summary["data_custody"].as_u64(), "{all}");
    assert!(all["data_calldata"].as_u64() > Some(0), "{all}");
    let of = |field: &str| all[field].as_u64().expect("a count");
    assert_eq!(of("data_calldata") + of("data_custody") + of("data_blobs"), of("committed"), "{all}");
}
