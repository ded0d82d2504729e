//! Every tier of an archive, moved through by age and readers, damaged, and proven.

use std::path::PathBuf;
use std::sync::LazyLock;

use ashlar_batch::{BatchHeader, Hash};
use ashlar_coding::{Coded, Expansion, Simd};
use ashlar_da::archive::index::Branching;
use ashlar_da::archive::{
    Archive, ArchiveError, Content, Entry, Folder, Lookup, Moved, Objects, Policy, S3, S3Config, Tier,
};
use ashlar_types::{BatchNumber, Sequence, Time};
use futures::executor::block_on;

use crate::market::{batch, header};
use crate::servers::signatures;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("ashlar-archive-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Batch `number` has commands 10 (number − 1) + 1 to 10 number, in the thousandth of a second after second `number`.
fn archived(number: u64) -> (BatchHeader, Content) {
    static ALL: LazyLock<Vec<(BatchHeader, Content)>> = LazyLock::new(|| {
        let mut all: Vec<(BatchHeader, Content)> = Vec::new();
        for number in 1..=22 {
            let parent_hash = all.last().map_or(Hash::ZERO, |(header, _)| header.hash());
            all.push(after(parent_hash, number));
        }
        all
    });
    ALL[number as usize - 1].clone()
}

fn after(parent_hash: Hash, number: u64) -> (BatchHeader, Content) {
    let bytes = batch(300 + 40 * number as usize, number);
    let signed = signatures(number as u8 % 5);
    let commitment = Coded::new(&bytes, Expansion::Double, &Simd).unwrap().commitment();
    let header = BatchHeader {
        parent_hash,
        signatures_root: signed.root(),
        first_sequence: Sequence::new(10 * number - 9),
        next_sequence: Sequence::new(10 * number + 1),
        first_time: Time::new(1_000 * number).unwrap(),
        last_time: Time::new(1_000 * number + 1).unwrap(),
        ..header(number, &bytes, commitment)
    };
    (header, Content { bytes, signatures: signed.as_bytes().to_vec() })
}

fn policy() -> Policy {
    Policy {
        branching: Branching::new(3).unwrap(),
        memory_bytes: 0,
        hot_ms: 5_000,
        segment_batches: 4,
        warm_ms: 20_000,
        warm_again_reads: 2,
    }
}

fn open(scratch: &Scratch) -> Archive {
    let cold = Box::new(Folder::open(&scratch.0.join("cold")).unwrap());
    Archive::open(&scratch.0, cold, policy()).unwrap()
}

#[test]
fn batches_move_by_age_and_readers_and_are_found_and_proven_wherever_they_are() {
    let scratch = Scratch::new("tiers");
    let archive = open(&scratch);
    for number in 1..=22 {
        let (header, content) = archived(number);
        archive.append(&header, &content).unwrap();
        archive.append(&header, &content).expect("again is no mistake");
    }
    let all_there = |archive: &Archive, now_ms| {
        let (count, root) = archive.root().unwrap();
        assert_eq!(count, 22);
        for number in 1..=22 {
            let (header, content) = archived(number);
            let got = block_on(archive.get(BatchNumber::new(number), now_ms)).unwrap().unwrap();
            assert_eq!(*got, content);
            let entry = Entry::of(&header, &content.bytes);
            entry.is_proven(&archive.prove(BatchNumber::new(number)).unwrap(), &root).unwrap();
            let other = Entry { last_time: Time::new(7).unwrap(), ..entry };
            assert!(other.is_proven(&archive.prove(BatchNumber::new(number)).unwrap(), &root).is_err());
        }
        root
    };
    let tiers = |archive: &Archive| {
        let tier = |number| archive.tier(BatchNumber::new(number)).unwrap().unwrap();
        (1..=22)
            .map(|number| match tier(number) {
                Tier::Hot => 'h',
                Tier::Warm => 'w',
                Tier::Cold => 'c',
            })
            .collect::<String>()
    };
    let root = all_there(&archive, 0);
    assert_eq!(tiers(&archive), "hhhhhhhhhhhhhhhhhhhhhh");

    // At 17.001 s batch 12 is five seconds old, and 13 to 16 are not all.
    let moved = block_on(archive.migrate(17_001)).unwrap();
    assert_eq!((moved, tiers(&archive).as_str()), (Moved { packed: 12, ..Moved::default() }, "wwwwwwwwwwwwhhhhhhhhhh"));
    assert_eq!(all_there(&archive, 0), root, "moving changes nothing");

    let moved = block_on(archive.migrate(29_000)).unwrap();
    assert_eq!(moved, Moved { packed: 8, cooled: 2, warmed: 0 });
    assert_eq!(tiers(&archive), "ccccccccwwwwwwwwwwwwhh");
    drop(archive);

    let archive = open(&scratch);
    assert_eq!(tiers(&archive), "ccccccccwwwwwwwwwwwwhh", "everything is kept");
    for _ in 0..2 {
        block_on(archive.get(BatchNumber::new(6), 29_500)).unwrap().unwrap();
    }
    let moved = block_on(archive.migrate(30_000)).unwrap();
    assert_eq!((moved, tiers(&archive).as_str()), (Moved { warmed: 1, ..Moved::default() }, "ccccwwwwwwwwwwwwwwwwhh"));
    assert_eq!(all_there(&archive, 30_000), root);
}

#[test]
fn batches_are_found_by_time_command_and_every_hash() {
    let scratch = Scratch::new("find");
    let archive = open(&scratch);
    assert_eq!(archive.find(Lookup::Time(Time::new(1).unwrap())).unwrap(), None);
    for number in 1..=9 {
        let (header, content) = archived(number);
        archive.append(&header, &content).unwrap();
    }
    let found = |lookup| archive.find(lookup).unwrap().map(|entry| entry.number.get());
    let time = |ms| Time::new(ms).unwrap();
    for (lookup, expected) in [
        (Lookup::Batch(BatchNumber::new(4)), Some(4)),
        (Lookup::Batch(BatchNumber::new(10)), None),
        (Lookup::Time(time(999)), None),
        (Lookup::Time(time(1_000)), Some(1)),
        (Lookup::Time(time(3_999)), Some(3)),
        (Lookup::Time(time(99_999)), Some(9)),
        (Lookup::Sequence(Sequence::new(0)), None),
        (Lookup::Sequence(Sequence::new(30)), Some(3)),
        (Lookup::Sequence(Sequence::new(31)), Some(4)),
        (Lookup::Sequence(Sequence::new(91)), None),
        (Lookup::Hash([0; 32]), None),
    ] {
        assert_eq!(found(lookup), expected, "{lookup:?}");
    }
    let (header, content) = archived(5);
    let entry = Entry::of(&header, &content.bytes);
    for name in [entry.header_hash.0, entry.data_root.to_word(), entry.da_commitment.0, entry.content_hash.0] {
        assert_eq!(found(Lookup::Hash(name)), Some(5));
    }
    let numbers = |from, to, most| {
        let entries = archive.between(time(from), time(to), most).unwrap();
        entries.iter().map(|entry| entry.number.get()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(2_002, 4_000, 9), [3, 4]);
    assert_eq!(numbers(0, 99_999, 3), [1, 2, 3]);
    assert_eq!(numbers(2_001, 2_001, 9), [2]);
}

#[test]
fn what_is_wrong_is_refused_and_what_is_damaged_is_told() {
    let scratch = Scratch::new("damage");
    let archive = open(&scratch);
    let (header, content) = archived(1);
    let garbled = Content { bytes: batch(340, 9), ..content.clone() };
    assert!(matches!(archive.append(&header, &garbled), Err(ArchiveError::DataRoot { .. })));
    let unsigned = Content { signatures: vec![1; 64], ..content.clone() };
    assert!(matches!(archive.append(&header, &unsigned), Err(ArchiveError::Signatures(_))));
    for number in 1..=4 {
        let (header, content) = archived(number);
        archive.append(&header, &content).unwrap();
    }
    let (far, content) = archived(6);
    assert!(matches!(archive.append(&far, &content), Err(ArchiveError::Order { .. })));
    // The number is right, and the batch before it is another one: L1 took back what is archived.
    let (other, content) = after(Hash([7; 32]), 5);
    let refused = archive.append(&other, &content).unwrap_err();
    let (last, got) = (archived(4).0.hash(), Hash([7; 32]));
    assert_eq!(refused, ArchiveError::Parent { number: BatchNumber::new(5), last, got });
    assert!(refused.to_string().contains("hash 0x0707"), "{refused}");
    assert_eq!(archive.root().unwrap().0, 4);
    assert_eq!(block_on(archive.migrate(60_000)).unwrap(), Moved { packed: 4, cooled: 1, warmed: 0 });

    let file = scratch.0.join("cold").join(archive.segments().unwrap()[0].name());
    let whole = std::fs::read(&file).unwrap();
    let mut told = 0;
    for at in (0..whole.len()).step_by(13) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        std::fs::write(&file, &damaged).unwrap();
        for number in 1..=4 {
            match block_on(archive.get(BatchNumber::new(number), 0)) {
                Ok(got) => assert_eq!(*got.unwrap(), archived(number).1, "byte {at}"),
                Err(ArchiveError::Damaged { .. }) => told += 1,
                Err(other) => panic!("{other}"),
            }
        }
    }
    assert!(told >= whole.len() / 13, "{told}");
    std::fs::remove_file(&file).unwrap();
    let gone = block_on(archive.get(BatchNumber::new(2), 0)).unwrap_err();
    assert!(gone.to_string().contains("`ashlar archive repair` restores it"), "{gone}");
    drop(archive);
    let other = Policy { branching: Branching::new(4).unwrap(), ..policy() };
    let refused = Archive::open(&scratch.0, Box::new(Folder::open(&scratch.0).unwrap()), other).err();
    assert_eq!(refused, Some(ArchiveError::Branching { kept: 3, asked: 4 }));
}

/// An object store in memory that speaks as much S3 as is needed, and lets in who signs.
async fn object_store() -> std::net::SocketAddr {
    use axum::body::Bytes;
    use axum::extract::{Path, State};
    use axum::http::{HeaderMap, Method, StatusCode};
    type Kept = std::sync::Arc<std::sync::Mutex<std::collections::HashMap<String, Bytes>>>;
    async fn serve(
        State(kept): State<Kept>,
        Path(path): Path<String>,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> (StatusCode, Bytes) {
        let signed = headers
            .get("authorization")
            .is_some_and(|value| value.to_str().unwrap_or_default().starts_with("AWS4-HMAC-SHA256 Credential=keeper/"));
        if !signed || !path.starts_with("cold/") {
            return (StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>".into());
        }
        let mut kept = kept.lock().unwrap();
        match method {
            Method::PUT => drop(kept.insert(path, body)),
            Method::DELETE => drop(kept.remove(&path)),
            _ => {
                return kept
                    .get(&path)
                    .map_or((StatusCode::NOT_FOUND, Bytes::new()), |body| (StatusCode::OK, body.clone()));
            }
        }
        (StatusCode::OK, Bytes::new())
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/{*path}", axum::routing::any(serve)).with_state(Kept::default());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

#[test]
fn an_object_store_keeps_what_is_cold() {
    let scratch = Scratch::new("s3");
    crate::servers::on_runtime("s3", |_| async {
        let config = |bucket: &str, host: String| S3Config {
            host,
            bucket: bucket.to_owned(),
            prefix: "archive/".to_owned(),
            region: "here".to_owned(),
            access_key: "keeper".to_owned(),
            secret_key: "secret".to_owned(),
        };
        let host = object_store().await.to_string();
        let archive = Archive::open(&scratch.0, Box::new(S3::new(config("cold", host.clone()))), policy()).unwrap();
        for number in 1..=4 {
            let (header, content) = archived(number);
            archive.append(&header, &content).unwrap();
        }
        assert_eq!(archive.migrate(60_000).await.unwrap(), Moved { packed: 4, cooled: 1, warmed: 0 });
        assert_eq!(archive.tier(BatchNumber::new(2)).unwrap(), Some(Tier::Cold));
        for _ in 0..2 {
            assert_eq!(*archive.get(BatchNumber::new(2), 60_000).await.unwrap().unwrap(), archived(2).1);
        }
        assert_eq!(archive.migrate(60_000).await.unwrap(), Moved { packed: 0, cooled: 0, warmed: 1 });

        let stranger = S3::new(config("other", host));
        let refused = stranger.put("a", b"b").await.unwrap_err().to_string();
        assert!(refused.contains("AccessDenied") && !refused.contains("secret"), "{refused}");
        let nobody = S3::new(config("cold", "127.0.0.1:1".to_owned()));
        assert!(matches!(nobody.get("a", 10).await, Err(ArchiveError::Objects { .. })));
    });
}
