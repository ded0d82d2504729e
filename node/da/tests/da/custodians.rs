use ashlar_batch::merkle::Digest;
use ashlar_coding::sampling::{Miss, Sampler, Secret, Strategy};
use ashlar_coding::{Coded, Expansion, Simd};
use ashlar_da::custodian::Policy;
use ashlar_da::{
    Availability, BatchKey, Disk, PublishError, Receipt, Remote, Retention, SectionKey, Store, StoreError, Verdict,
    Wanted, audit, sample,
};
use ashlar_types::{BatchNumber, to_bytes};
use commonware_runtime::{Blob as _, Storage as _, Supervisor as _};

use crate::market::{batch, header};
use crate::servers::{
    BOMB, EXCHANGE, Lie, custodian_key, kill, lie, on_runtime, over, policy, remotes, signatures, start, url,
};

/// How a custodian lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    /// Turns a bit in rows, whatever else it says.
    Garbles,
    /// Says that it keeps things, and signs for nothing.
    SignsFalsely,
    /// Sends more than anybody asked for.
    Floods,
    /// Sends a few bytes that unfold into gigabytes.
    Bombs,
}

impl Manner {
    fn lie(self) -> Lie {
        match self {
            Manner::Garbles => |path, mut bytes| {
                if path.starts_with("/v1/batches/") && bytes.len() > 300 {
                    let at = bytes.len() - 5;
                    bytes[at] ^= 0x40;
                }
                bytes
            },
            Manner::SignsFalsely => |_, bytes| match String::from_utf8(bytes) {
                Ok(words) => words.replace("\"signature\":\"0x", "\"signature\":\"0x7f").into(),
                Err(no_words) => no_words.into_bytes(),
            },
            Manner::Floods => |path, bytes| if path.contains("/v1/batches/") { vec![0; 1 << 26] } else { bytes },
            Manner::Bombs => |path, bytes| {
                if path.starts_with("/v1/batches/") && bytes.len() > 300 { [BOMB, &[7; 90]].concat() } else { bytes }
            },
        }
    }
}

/// Of four custodians any one killed and any other lying: publication and retrieval go on, and the liar is known.
#[test]
fn any_one_of_four_may_be_killed_and_one_lie() {
    for (killed, liar, manner) in [
        (0, 1, Manner::Garbles),
        (1, 0, Manner::Garbles),
        (2, 3, Manner::SignsFalsely),
        (3, 2, Manner::Floods),
        (1, 2, Manner::Bombs),
    ] {
        on_runtime("killed", |context| async move {
            let mut urls = Vec::new();
            let mut servers = Vec::new();
            for index in 0..4 {
                let serving = start(&context, index, policy(index)).await;
                let address = if index == liar { lie(serving.address, manner.lie()).await.0 } else { serving.address };
                urls.push(url(index, address));
                servers.push(serving);
            }
            let all = over(&urls, 2);
            let first = batch(70_000, 1);
            let signed = signatures(20);
            let published = all.publish(BatchNumber::new(1), &first, &signed).await.unwrap();
            let section = SectionKey { number: BatchNumber::new(1), root: signed.root() };
            for receipt in &published.receipts {
                receipt.check(&EXCHANGE, published.commitment, signed.root()).unwrap();
                assert!(receipt.check(&EXCHANGE, published.commitment, Digest::EMPTY).is_err());
            }
            let first_header = header(1, &first, published.commitment);

            kill(&servers[killed]).await;
            let second = batch(9_000, 2);
            let published = all.publish(BatchNumber::new(2), &second, &signatures(0)).await.unwrap();
            assert!(published.failed.iter().any(|(name, _)| urls[killed].starts_with(name.as_str())));
            assert!(published.receipts.len() >= 2);
            let contract = Receipt::for_contract(&published.receipts);
            assert_eq!(contract.len(), 65 * published.receipts.len());
            for (header, bytes) in [(first_header, &first), (header(2, &second, published.commitment), &second)] {
                assert_eq!(&all.fetch(&header).await.unwrap().bytes, bytes);
            }
            let (found, _) = all.fetch_signatures(&section).await.unwrap();
            assert_eq!(found, signed);

            let key = BatchKey { number: BatchNumber::new(2), commitment: published.commitment };
            let caught = match audit(all.stores()[liar].as_ref(), &key).await.verdict {
                Verdict::Wrong(_) => manner == Manner::Garbles,
                Verdict::Silent(StoreError::Wrong(_)) => matches!(manner, Manner::Floods | Manner::Bombs),
                Verdict::Honest => manner == Manner::SignsFalsely,
                other => panic!("{other:?}"),
            };
            assert!(caught, "custodian {liar}");
            // A reader who asks the liar first marks it, and does not ask it again while others are enough.
            let mut order = urls.clone();
            order.swap(0, liar);
            let reader = over(&order, 2);
            for _ in 0..2 {
                assert_eq!(reader.fetch_key(&key, None).await.unwrap().bytes, second);
            }
            let marked = reader.standing(reader.stores()[0].name()).wrong;
            assert_eq!(marked, u64::from(manner != Manner::SignsFalsely), "{manner:?}");
            let name = urls[liar].split('#').next().unwrap();
            let refused =
                published.failed.iter().any(|(failed, error)| failed == name && matches!(error, StoreError::Wrong(_)));
            assert_eq!(refused, matches!(manner, Manner::SignsFalsely | Manner::Floods), "{:?}", published.failed);
        });
    }
}

/// What a crash has torn is one batch and not the custodian: it is asked for the next one at once.
#[test]
fn a_torn_batch_is_no_reason_to_leave_a_custodian_alone() {
    on_runtime("torn", |context| async move {
        let serving = start(&context, 0, Policy { place: None, ..policy(0) }).await;
        let all = over(&[url(0, serving.address)], 1);
        let batches = [batch(3_000, 1), batch(3_000, 2)];
        let mut keys = Vec::new();
        for (number, bytes) in (1..).zip(&batches) {
            let number = BatchNumber::new(number);
            let commitment = all.publish(number, bytes, &signatures(0)).await.unwrap().commitment;
            keys.push(BatchKey { number, commitment });
        }
        let (file, _) = context.open("custodian-0", &to_bytes(&keys[0])).await.unwrap();
        file.resize(0).await.unwrap();
        file.sync().await.unwrap();
        drop(file);

        let answer = all.stores()[0].get(&keys[0], Wanted::ALL).await;
        assert!(matches!(&answer, Err(StoreError::Wrong(why)) if why.contains("damaged")), "{answer:?}");
        assert_eq!(all.fetch_key(&keys[1], None).await.unwrap().bytes, batches[1]);
        // Putting it again repairs it.
        all.publish(keys[0].number, &batches[0], &signatures(0)).await.unwrap();
        assert_eq!(all.fetch_key(&keys[0], None).await.unwrap().bytes, batches[0]);
    });
}

#[test]
fn too_few_receipts_publish_nothing() {
    on_runtime("few", |context| async move {
        let mut urls = Vec::new();
        let mut servers = Vec::new();
        for index in 0..4 {
            let serving = start(&context, index, policy(index)).await;
            urls.push(url(index, serving.address));
            servers.push(serving);
        }
        for server in &servers[1..] {
            kill(server).await;
        }
        let refused = over(&urls, 3).publish(BatchNumber::new(1), &batch(5_000, 1), &signatures(1)).await.unwrap_err();
        let PublishError::TooFewStores { need: 3, confirmed: 1, failed } = refused else { panic!("{refused}") };
        assert_eq!(failed.len(), 3);
    });
}

/// Folders and custodians serve beside each other, and what one of them lacks the others repair.
#[test]
fn a_mix_of_folders_and_custodians_is_one_source() {
    on_runtime("mix", |context| async move {
        let serving = start(&context, 0, Policy { place: None, ..policy(0) }).await;
        let remote = || remotes(&[url(0, serving.address)]).remove(0);
        let folder = || Box::new(Disk::new(context.child("folder"), "folder")) as Box<dyn Store>;
        let all = Availability::new(vec![remote(), folder()], Expansion::Double, 2).unwrap();
        let (bytes, signed) = (batch(30_000, 4), signatures(3));
        let published = all.publish(BatchNumber::new(7), &bytes, &signed).await.unwrap();
        assert_eq!(published.receipts.len(), 1);
        let header = header(7, &bytes, published.commitment);
        for store in [remote(), folder()] {
            let one = Availability::new(vec![store], Expansion::Double, 1).unwrap();
            assert_eq!(one.fetch(&header).await.unwrap().bytes, bytes, "half of all rows is enough");
            let section = SectionKey { number: BatchNumber::new(7), root: signed.root() };
            assert_eq!(one.fetch_signatures(&section).await.unwrap().0, signed);
            let kept = one.stores()[0].list(BatchNumber::new(0), 10).await.unwrap();
            assert_eq!((kept.batches.len(), kept.sections, kept.batches[0].number.get()), (1, vec![section], 7));
        }
        // The custodian's receipt is there again for who asks, and not for other signatures.
        let again = Remote::new(&url(0, serving.address), None).unwrap();
        let key = BatchKey { number: BatchNumber::new(7), commitment: published.commitment };
        let receipt = again.receipt(&EXCHANGE, &key, signed.root()).await.unwrap();
        assert_eq!(receipt, published.receipts[0]);
        assert!(again.receipt(&EXCHANGE, &key, signatures(4).root()).await.is_err());
    });
}

#[test]
fn sampling_sees_what_custodians_withhold() {
    on_runtime("sample", |context| async move {
        let mut urls = Vec::new();
        let mut servers = Vec::new();
        for index in 0..4 {
            let serving = start(&context, index, policy(index)).await;
            urls.push(url(index, serving.address));
            servers.push(serving);
        }
        let bytes = batch(60_000, 1);
        let all = over(&urls, 4);
        let published = all.publish(BatchNumber::new(1), &bytes, &signatures(0)).await.unwrap();
        let key = BatchKey { number: BatchNumber::new(1), commitment: published.commitment };
        let sampler = Sampler::new(Secret::new([3; 32]));
        let wanted = Miss::of_bits(20);
        for strategy in [Strategy::Uniform, Strategy::Stratified, Strategy::Adaptive] {
            let seen = sample(all.stores(), &key, &sampler, strategy, wanted).await.unwrap();
            assert!(seen.available && seen.missing.is_empty() && seen.wrong.is_empty(), "{strategy:?} {seen:?}");
            assert!(seen.miss <= wanted && seen.right.len() < 30);
        }
        for server in &servers[..3] {
            kill(server).await;
        }
        for strategy in [Strategy::Uniform, Strategy::Stratified, Strategy::Adaptive] {
            let seen = sample(all.stores(), &key, &sampler, strategy, wanted).await.unwrap();
            assert!(!seen.available && !seen.missing.is_empty(), "a quarter of the rows is no data: {strategy:?}");
        }
        kill(&servers[3]).await;
        let nothing = sample(all.stores(), &key, &sampler, Strategy::Uniform, wanted).await.unwrap_err();
        assert_eq!(nothing.answers.len(), 4);
    });
}

#[test]
fn custodians_forget_by_policy_and_say_so() {
    on_runtime("forget", |context| async move {
        let retention = Retention::Newest(2);
        let serving = start(&context, 0, Policy { place: None, retention, ..policy(0) }).await;
        let urls = [url(0, serving.address)];
        let all = over(&urls, 1);
        for number in [3, 4, 5] {
            all.publish(BatchNumber::new(number), &batch(900, number), &signatures(2)).await.unwrap();
        }
        let refused = all.publish(BatchNumber::new(2), &batch(900, 2), &signatures(2)).await.unwrap_err();
        assert!(refused.to_string().contains("batch 2 is older than what is kept here"), "{refused}");
        kill(&serving).await;
        // Pruning is a custodian's first act.
        let serving = start(&context, 0, Policy { place: None, retention, ..policy(0) }).await;
        let remote = Remote::new(&url(0, serving.address), None).unwrap();
        for _ in 0..100 {
            if remote.list(BatchNumber::new(0), 9).await.unwrap().batches.len() == 2 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let kept = remote.list(BatchNumber::new(0), 9).await.unwrap();
        let numbers = kept.batches.iter().map(|key| key.number.get()).collect::<Vec<_>>();
        assert_eq!((numbers, kept.sections.len()), (vec![4, 5], 2));
        let coded = Coded::new(&batch(900, 3), Expansion::Double, &Simd).unwrap();
        let gone = BatchKey { number: BatchNumber::new(3), commitment: coded.commitment() };
        assert_eq!(remote.get(&gone, ashlar_da::Wanted::ALL).await, Err(StoreError::Absent(gone)));
        assert_eq!(remote.custodian().await.unwrap(), custodian_key(0).address());
    });
}
