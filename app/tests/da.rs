//! Published data as a person handles it: custodians as processes, folders, and every command on a mix of them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use ashlar_batch::codec::encode;
use ashlar_batch::{Batch, Timed};
use ashlar_da::Share;
use ashlar_harness::HotEngine;
use ashlar_harness::flow::{Flow, Realistic, Shape, record};
use ashlar_types::sign::WalletSecret;
use ashlar_types::{Sequence, from_bytes, to_bytes};
use serde_json::Value;

const EXCHANGE: &str = "0x0909090909090909090909090909090909090909090909090909090909090909";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ashlar-app-da-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).expect("made");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A custodian as a process, which ends with this.
struct Custodian {
    child: Child,
    url: String,
}

impl Custodian {
    fn start(folder: &Path, index: usize, writer: &str) -> Custodian {
        let data = folder.join(format!("custodian-{index}"));
        let place = format!("{}/4", index + 1);
        let mut child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .args(["da-node", "--listen", "127.0.0.1:0", "--seconds", "120", "--place", &place, "--writer", writer])
            .arg("--data")
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let url = lines.by_ref().find_map(|line| Some(line.ok()?.strip_prefix("listening    ")?.to_owned()));
        Custodian { child, url: url.expect("it says where it listens") }
    }

    fn kill(&mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Custodian {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn ashlar(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ashlar")).arg("da").args(arguments).output().expect("runs")
}

/// The objects that a command printed, and whether it succeeded.
fn objects(arguments: &[&str]) -> (bool, Vec<Value>) {
    let output = ashlar(&[arguments, &["--json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let objects = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.success(), objects)
}

fn real_batch() -> Vec<u8> {
    let mut flow = Realistic::new(Shape::mixed(3, 4, 100));
    let mut engine = HotEngine::new(&flow.genesis());
    let setup = flow.setup_len();
    record(&mut flow as &mut dyn Flow, &mut engine, setup);
    let inputs = record(&mut flow as &mut dyn Flow, &mut engine, 3_000);
    let inputs = inputs.into_iter().map(|(time, input)| Timed { time, input }).collect();
    encode(&Batch { first_sequence: Sequence::new(1), inputs }).expect("it encodes")
}

#[test]
fn four_processes_keep_a_batch_through_a_kill() {
    let folder = Folder::new("nodes");
    let file = |name: &str| folder.0.join(name).display().to_string();
    let bytes = real_batch();
    fs::write(file("batch"), &bytes).expect("written");
    fs::write(file("signatures"), [5; 640]).expect("written");
    let key = [0x31; 32];
    fs::write(file("key"), key.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).expect("written");
    let open_to_all =
        ashlar(&["audit", "--da-node", "http://127.0.0.1:1", "--exchange", EXCHANGE, "--writer-key", &file("key")]);
    assert!(
        String::from_utf8_lossy(&open_to_all.stderr).contains("chmod 600"),
        "a key that others can read is refused"
    );
    fs::set_permissions(file("key"), fs::Permissions::from_mode(0o600)).expect("changed");

    let (ok, offers) = objects(&["estimate", &file("batch"), "--custodians", "3", "--diff-bytes", "20000"]);
    assert!(ok && offers.len() == 4, "inputs and diffs, as calldata and with custodians: {offers:?}");
    let picked: Vec<&Value> = offers.iter().filter(|offer| offer["picked"] == true).collect();
    assert!(picked.len() == 1 && picked[0]["mode"] == "inputs" && picked[0]["target"] == "custody", "{offers:?}");

    let writer = WalletSecret::new(&key).expect("a key").address().0;
    let writer = format!("0x{}", writer.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let mut custodians: Vec<Custodian> = (0..4).map(|index| Custodian::start(&folder.0, index, &writer)).collect();
    let urls: Vec<String> = custodians.iter().map(|custodian| custodian.url.clone()).collect();
    let nodes: Vec<&str> = urls.iter().flat_map(|url| ["--da-node", url.as_str()]).collect();
    let (batch, signatures, secret) = (file("batch"), file("signatures"), file("key"));
    let may_write = ["--exchange", EXCHANGE, "--writer-key", &secret];
    let put = ["put", &batch, "--signatures", &signatures];

    let (ok, put_first) = objects(&[&put[..], &["--number", "1"], &may_write, &nodes].concat());
    assert!(ok && put_first[0]["receipts"].as_array().map(Vec::len) == Some(4), "{put_first:?}");
    custodians[2].kill();
    let (ok, put_second) = objects(&[&put[..], &["--number", "2", "--confirm", "3"], &may_write, &nodes].concat());
    assert!(ok && put_second[0]["confirmed"] == 3, "{put_second:?}");
    let name = |put: &[Value]| put[0]["batch"].as_str().expect("a name").to_owned();
    let (first, second) = (name(&put_first), name(&put_second));
    let root = put_first[0]["signatures_root"].as_str().expect("a root").to_owned();

    for batch in [&first, &second] {
        let (out, signed) = (file("out"), file("signed"));
        let arguments = ["get", batch, "--out", &out, "--signatures-root", &root, "--signatures-out", &signed];
        let (ok, got) = objects(&[&arguments[..], &nodes].concat());
        assert!(ok, "{got:?}");
        assert_eq!(fs::read(&out).expect("written"), bytes);
        assert_eq!(fs::read(&signed).expect("written"), [5; 640]);
        let (ok, sampled) = objects(&[&["sample", batch, "--bits", "20"][..], &nodes[..4], &nodes[6..]].concat());
        let seen = sampled.last().expect("a summary");
        // A quarter of the rows is nowhere: the adaptive client forgives what the code allows for, and no more.
        assert_eq!(ok, seen["available"] == true, "{seen}");
    }

    // A folder beside the custodians is given what it lacks.
    let spare = folder.0.join("spare").display().to_string();
    let living = [&nodes[..4], &nodes[6..]].concat();
    let (ok, repaired) = objects(&[&["repair", &first, "--da", &spare][..], &living].concat());
    assert!(ok, "{repaired:?}");
    let (ok, audited) = objects(&["audit", "--da", &spare]);
    assert!(ok && audited.last().expect("a summary")["batches"] == 1, "{audited:?}");

    // What was altered is named, not given out, and repaired.
    let kept: Vec<PathBuf> = fs::read_dir(&spare).expect("listed").map(|entry| entry.expect("listed").path()).collect();
    let share = kept.iter().max_by_key(|path| fs::metadata(path).map_or(0, |of| of.len())).expect("a file");
    let mut altered = fs::read(share).expect("read");
    let at = altered.len() - 10;
    altered[at] ^= 1;
    fs::write(share, altered).expect("written");
    let (ok, audited) = objects(&["audit", &first, "--da", &spare]);
    assert!(!ok && audited.iter().any(|object| object.to_string().contains("altered")), "{audited:?}");
    let (ok, repaired) = objects(&[&["repair", "--all", "--da", &spare][..], &living].concat());
    assert!(ok, "{repaired:?}");
    assert!(objects(&["audit", &first, "--da", &spare]).0);
    let lost = ashlar(&["get", &second, "--da", &spare]);
    assert!(!lost.status.success() && String::from_utf8_lossy(&lost.stderr).contains("add stores"));
}

/// Where the runtime's storage begins the content of a file.
const BEGINNING: usize = 4_096;

/// Four folders of which no row is proven any more, and in one of which rows are wrong: together they are corrected.
#[test]
fn a_batch_is_corrected_from_folders_in_which_nothing_is_proven() {
    let folder = Folder::new("corrected");
    let file = |name: &str| folder.0.join(name).display().to_string();
    let bytes = real_batch();
    fs::write(file("batch"), &bytes).expect("written");
    let folders: Vec<String> = (0..4).map(|index| file(&format!("da-{index}"))).collect();
    let all: Vec<&str> = folders.iter().flat_map(|folder| ["--da", folder.as_str()]).collect();
    let (ok, put) = objects(&[&["put", &file("batch"), "--number", "1"][..], &all].concat());
    assert!(ok, "{put:?}");
    let name = put[0]["batch"].as_str().expect("a name").to_owned();
    let mut wrong = 0;
    for (index, folder) in folders.iter().enumerate() {
        let path = fs::read_dir(folder).expect("listed").next().expect("one").expect("listed").path();
        let mut altered = fs::read(&path).expect("read");
        let share: Share = from_bytes(&altered[BEGINNING..]).expect("a share");
        let layout = *share.manifest.layout();
        let (row_bytes, length) = (layout.row_bytes(), to_bytes(&share.chunks[0]).len());
        let most = (layout.rows() - layout.data_rows()) / 2 - 2;
        let first = altered.len() - share.chunks.len() * length;
        for chunk in altered[first..].chunks_mut(length) {
            // The first digest of each path, and in one folder nearly as many rows as may be wrong.
            chunk[10] ^= 1;
            if index == 1 && wrong < most {
                chunk[length - row_bytes..].iter_mut().for_each(|byte| *byte = byte.wrapping_add(77));
                wrong += 1;
            }
        }
        // And the root over the coded rows that stands in the manifest: nobody has a whole one.
        altered[BEGINNING + 40] ^= 1;
        fs::write(&path, altered).expect("written");
    }
    let lost = ashlar(&[&["get", &name][..], &all].concat());
    assert!(!lost.status.success(), "nothing is proven");
    let (ok, repaired) = objects(&[&["repair", &name][..], &all].concat());
    assert!(ok && repaired[0]["corrected"].as_array().map(Vec::len) == Some(wrong), "{repaired:?}");
    let (ok, audited) = objects(&[&["audit", &name][..], &all].concat());
    assert!(ok, "every row is proven again: {audited:?}");
    let out = file("out");
    let (ok, _) = objects(&[&["get", &name, "--out", &out][..], &all[..4]].concat());
    assert!(ok && fs::read(&out).expect("written") == bytes);
    // Of one folder alone too little is left to correct, and that is said.
    let (ok, refused) =
        objects(&["repair", "9:1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d", "--da", &folders[0]]);
    assert!(!ok && refused[0]["lost"].is_string(), "{refused:?}");
}
