//! Four custodians as processes: one dead, one that lies, too few, and all of it found again.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::custodian::{Custodian, Liar};
use super::parts::{Folder, Running, clean, finding, free, metric, recover, until, verify};

const COMMITTED: &str = "ashlar_batch_committed";
const PUBLISHED: &str = "ashlar_batch_published";
const BUILT: &str = "ashlar_batch_built";
const ALARM: &str = "ashlar_alert{kind=\"unpublished\"}";

#[test]
fn batches_are_committed_by_custodians_signatures_through_death_and_lies() {
    let folder = Folder::new("processes");
    let mut custodians: Vec<Custodian> = (0..4).map(|index| Custodian::start(&folder, index)).collect();
    let liar = Liar::before(&custodians[3]);
    let urls = [custodians[0].url(), custodians[1].url(), custodians[2].url(), liar.url()];
    let (api, data, log) = (free(), folder.path("exchange"), folder.0.join("log"));
    // So many orders that a batch takes rows of more than one custodian.
    let mut arguments = vec!["up", "--block-ms", "100", "--batch-ms", "400", "--traders", "4", "--rate", "200"];
    let address = api.to_string();
    arguments.extend(["--publish", "custody", "--data", &data, "--api", &address]);
    urls.iter().for_each(|url| arguments.extend(["--da-node", url]));
    let mut up = Running::start(&arguments, &log);
    until(api, &log, COMMITTED, |committed| committed >= 2);

    // One that signs what nobody can check is as good as dead, and three others sign.
    liar.spoil_receipts(true);
    let now = metric(api, COMMITTED).expect("it answers");
    until(api, &log, COMMITTED, |committed| committed >= now + 4);
    liar.spoil_receipts(false);

    // One is dead, and the liar signs for what it holds: three signatures.
    custodians[0].kill();
    let now = metric(api, COMMITTED).expect("it answers");
    until(api, &log, COMMITTED, |committed| committed >= now + 4);

    too_few_wait_and_nothing_is_lost(&mut custodians, api, &log);
    up.interrupt();

    the_data_is_found_by_commitment(&folder, &data, &urls, &mut custodians);
}

fn too_few_wait_and_nothing_is_lost(custodians: &mut [Custodian], api: std::net::SocketAddr, log: &Path) {
    custodians[1].kill();
    // What was on its way when it died may still come to an end.
    std::thread::sleep(Duration::from_secs(3));
    let published = metric(api, PUBLISHED).expect("answers");
    let taken = metric(api, "ashlar_messages_total").expect("answers");
    // Trading goes on: orders take places and batches are built, all of which wait.
    let built = until(api, log, BUILT, |now| now >= published + 4);
    until(api, log, ALARM, |firing| firing == 1);
    assert!(metric(api, "ashlar_messages_total").expect("answers") > taken, "messages are taken");
    assert_eq!(metric(api, PUBLISHED), Some(published), "nothing counts as published by fewer than L1 asks for");
    assert!(metric(api, COMMITTED) <= Some(published), "and nothing is committed by fewer");

    custodians[0].revive();
    until(api, log, COMMITTED, |now| now >= built + 4);
    until(api, log, ALARM, |firing| firing == 0);
}

/// From L1's blocks and any two custodians, even if another one lies.
fn the_data_is_found_by_commitment(folder: &Folder, data: &str, urls: &[String], custodians: &mut [Custodian]) {
    custodians[1].revive();
    let at = |which: &[usize]| {
        let mut arguments = vec!["--data", data];
        which.iter().for_each(|index| arguments.extend(["--da-node", urls[*index].as_str()]));
        arguments
    };
    let (is_clean, lines) = verify(&at(&[0, 1, 2, 3]));
    let whole = lines.last().expect("a summary").clone();
    assert!(is_clean, "{lines:?}");
    assert!(whole["committed"].as_u64() > Some(8), "{whole}");
    assert_eq!((&whole["data_custody"], &whole["data_calldata"]), (&whole["committed"], &Value::from(0)), "{whole}");

    // The one that lies is named and the others are enough. Custodian 0 lacks what was published while it was dead, and so does custodian 1.
    let (is_clean, lines) = verify(&at(&[3, 1, 2, 0]));
    assert!(is_clean, "{lines:?}");
    let liar = urls[3].split('#').next().expect("an address");
    let blamed = lines.iter().any(|line| line["folder"] == liar);
    assert!(blamed, "the liar is named: {lines:?}");

    // Where L1 is asked for what it never had, that is said, and where it is.
    let why = finding(&["--data", data, "--calldata"]);
    assert!(why.contains("withheld") && why.contains("with custodians, whom --da-node names"), "{why}");
    let why = finding(&at(&[2]));
    assert!(why.contains("withheld") && why.contains("rows"), "a quarter is not enough: {why}");

    let told = recover(&folder.path("recovered"), &at(&[0, 1, 2, 3]));
    for field in ["batch", "header_hash", "state_root"] {
        assert_eq!(told[field], whole[field], "{field}");
    }
    assert_eq!(clean(&at(&[0, 1, 2]))["state_root"], whole["state_root"]);
}
