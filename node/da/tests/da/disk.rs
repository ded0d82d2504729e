use ashlar_batch::Signatures;
use ashlar_coding::Expansion;
use ashlar_da::{Availability, BatchKey, Disk, FetchError, PublishError, Retention, Store, StoreError, Verdict};
use ashlar_types::{BatchNumber, to_bytes};
use commonware_runtime::{Blob, Runner, Storage, Supervisor, WriteOptions, deterministic};
use commonware_utils::Probability;

use crate::market::{batch, header};

const FOLDERS: [&str; 4] = ["da-0", "da-1", "da-2", "da-3"];

fn folders(context: &deterministic::Context, names: &[&'static str]) -> Vec<Box<dyn Store>> {
    names.iter().map(|name| Box::new(Disk::new(context.child("folder"), *name)) as Box<dyn Store>).collect()
}

#[test]
fn any_two_of_four_folders_have_every_batch() {
    deterministic::Runner::seeded(1).start(|context| async move {
        let all = Availability::new(folders(&context, &FOLDERS), Expansion::Double, 3).unwrap();
        for (number, length) in (1..).zip([42, 300, 700, 5_000, 65_536, 70_001]) {
            let bytes = batch(length, number);
            let published = all.publish(BatchNumber::new(number), &bytes, &Signatures::new()).await.unwrap();
            assert_eq!((published.confirmed, published.failed.len()), (4, 0));
            let header = header(number, &bytes, published.commitment);
            for left in FOLDERS {
                for right in FOLDERS.into_iter().filter(|right| *right != left) {
                    let some = folders(&context, &[left, right]);
                    let some = Availability::new(some, Expansion::Double, 1).unwrap();
                    let fetched = some.fetch(&header).await.unwrap();
                    assert_eq!(fetched.bytes, bytes);
                    assert!(fetched.sources.iter().all(|source| source.verdict == Verdict::Honest));
                }
            }
            let one = Availability::new(folders(&context, &FOLDERS[..1]), Expansion::Double, 1).unwrap();
            match one.fetch(&header).await {
                Err(FetchError::TooFew { need, have, missing, sources }) => {
                    assert!(have < need && sources.len() == 1);
                    assert_eq!(missing.len(), 2 * need - have, "what is missing is named");
                }
                Ok(fetched) => assert!(fetched.bytes.len() < 1_000, "a few rows: one folder may have enough"),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn a_torn_file_is_told_and_repaired() {
    deterministic::Runner::seeded(2).start(|context| async move {
        let all = Availability::new(folders(&context, &FOLDERS), Expansion::Double, 3).unwrap();
        let bytes = batch(9_000, 1);
        let commitment = all.publish(BatchNumber::new(1), &bytes, &Signatures::new()).await.unwrap().commitment;
        let header = header(1, &bytes, commitment);
        let name = to_bytes(&BatchKey::of(&header).unwrap());
        let (blob, length) = context.open("da-0", &name).await.unwrap();
        blob.resize(length / 2).await.unwrap();
        blob.sync().await.unwrap();
        drop(blob);
        let (blob, length) = context.open("da-1", &name).await.unwrap();
        blob.write_at(length - 100, vec![0xff; 50], WriteOptions::default()).await.unwrap();
        blob.sync().await.unwrap();
        drop(blob);

        let fetched = all.fetch(&header).await.unwrap();
        assert_eq!(fetched.bytes, bytes);
        assert!(matches!(fetched.sources[0].verdict, Verdict::Silent(StoreError::Damaged(_))));
        assert!(matches!(fetched.sources[1].verdict, Verdict::Wrong(_)));
        assert!(fetched.sources[1].accepted > 0, "what is right of a damaged share is used");

        all.publish(BatchNumber::new(1), &bytes, &Signatures::new()).await.unwrap();
        let again = all.fetch(&header).await.unwrap();
        assert_eq!(again.sources.len(), 2, "two folders are enough again");
    });
}

#[test]
fn folders_forget_by_policy_only() {
    deterministic::Runner::seeded(3).start(|context| async move {
        let disk = Disk::new(context.child("disk"), "da");
        assert_eq!(disk.kept().await.unwrap().batches, []);
        let all =
            Availability::new(vec![Box::new(Disk::new(context.child("other"), "da"))], Expansion::Double, 1).unwrap();
        for number in [300, 1, 2, 256] {
            all.publish(BatchNumber::new(number), &batch(500, number), &Signatures::new()).await.unwrap();
        }
        let numbers =
            async || disk.kept().await.unwrap().batches.iter().map(|key| key.number.get()).collect::<Vec<_>>();
        assert_eq!(numbers().await, [1, 2, 256, 300]);
        assert_eq!(disk.prune(Retention::Forever).await.unwrap(), 0);
        assert_eq!(disk.prune(Retention::From(BatchNumber::new(2))).await.unwrap(), 1);
        assert_eq!(disk.prune(Retention::Newest(1)).await.unwrap(), 2);
        assert_eq!(numbers().await, [300]);
        assert_eq!(disk.prune(Retention::Newest(1)).await.unwrap(), 0);
    });
}

#[test]
fn a_disk_that_fails_publishes_nothing() {
    let faults = deterministic::FaultConfig { sync_rate: Some(Probability::new(1, 1).unwrap()), ..Default::default() };
    let config = deterministic::Config::new().with_seed(4).with_storage_fault_config(faults);
    deterministic::Runner::new(config).start(|context| async move {
        let all = Availability::new(folders(&context, &FOLDERS), Expansion::Double, 3).unwrap();
        let refused = all.publish(BatchNumber::new(1), &batch(3_000, 1), &Signatures::new()).await.unwrap_err();
        let PublishError::TooFewStores { need: 3, confirmed: 0, failed } = refused else { panic!("{refused}") };
        assert_eq!(failed.len(), 4);
    });
}
