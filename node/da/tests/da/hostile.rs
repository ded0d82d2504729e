//! What strangers, thieves of permits and careless writers send. Each is told why, and nothing is kept.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ashlar_coding::{Coded, Expansion, Layout, Row, Simd};
use ashlar_da::custodian::{Place, Policy};
use ashlar_da::limits::DEPOSIT_BYTES_MAX;
use ashlar_da::{BatchKey, Deposit, Permit, Remote, Share, Store};
use ashlar_types::sign::WalletSecret;
use ashlar_types::{BatchNumber, ExchangeId, to_bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::market::batch;
use crate::servers::{BOMB, EXCHANGE, custodian_key, on_runtime, over, policy, signatures, start, url, writer};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// A whole batch and the key it goes by.
fn coded(number: u64) -> (BatchKey, Coded) {
    let coded = Coded::new(&batch(4_000, number), Expansion::Double, &Simd).unwrap();
    (BatchKey { number: BatchNumber::new(number), commitment: coded.commitment() }, coded)
}

fn deposit(coded: &Coded) -> Deposit {
    let rows: Vec<Row> = (0..coded.manifest().layout().rows() as u16).map(Row::new).collect();
    Deposit { share: Share::of(coded, &rows), signatures: signatures(2) }
}

fn permit(key: &BatchKey, body: &[u8]) -> Permit {
    Permit::sign(&writer().key, EXCHANGE, custodian_key(0).address(), key, body, now_ms() + 30_000)
}

/// Sends bytes as they are; status and body of the answer.
async fn raw(address: SocketAddr, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Who refuses early may close before everything was sent.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    (status, text.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
}

fn put(key: &BatchKey, permit: Option<String>, length: usize, body: &[u8]) -> Vec<u8> {
    let permit = permit.map_or(String::new(), |permit| format!("x-ashlar-permit: {permit}\r\n"));
    let head = format!(
        "PUT /v1/batches/{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{permit}\r\n",
        hex(&to_bytes(key))
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn whatever_is_wrong_is_named_and_nothing_is_kept() {
    on_runtime("hostile", |context| async move {
        let serving = start(&context, 0, Policy { place: Place::new(0, 2), ..policy(0) }).await;
        let (key, whole) = coded(1);
        let good = deposit(&whole);
        let body = to_bytes(&good);
        let send = async |permit: Option<String>, body: &[u8]| {
            raw(serving.address, &put(&key, permit, body.len(), body)).await
        };
        let signed = |body: &[u8]| Some(hex(&to_bytes(&permit(&key, body))));
        let check = |what: &str, (status, text): (u16, String), expected: u16, code: &str| {
            assert!(status == expected && text.contains(&format!("\"code\":\"{code}\"")), "{what}: {status} {text}");
        };

        check("no permit", send(None, &body).await, 401, "no_permit");
        check("no hex", send(Some("zz".into()), &body).await, 400, "malformed");
        let thief = WalletSecret::new(&[0x77; 32]).unwrap();
        let by = |key_of: &WalletSecret, exchange, at: usize, key: &BatchKey, until| {
            Some(hex(&to_bytes(&Permit::sign(key_of, exchange, custodian_key(at).address(), key, &body, until))))
        };
        let soon = now_ms() + 30_000;
        check("a stranger", send(by(&thief, EXCHANGE, 0, &key, soon), &body).await, 403, "stranger");
        check("for another custodian", send(by(&writer().key, EXCHANGE, 1, &key, soon), &body).await, 403, "stranger");
        let other = coded(2).0;
        check("for another batch", send(by(&writer().key, EXCHANGE, 0, &other, soon), &body).await, 403, "stranger");
        check(
            "of yesterday",
            send(by(&writer().key, EXCHANGE, 0, &key, now_ms() - 1), &body).await,
            403,
            "permit_time",
        );
        let late = now_ms() + 86_400_000;
        check("for ever", send(by(&writer().key, EXCHANGE, 0, &key, late), &body).await, 403, "permit_time");

        let mut garbled = body.clone();
        let at = garbled.len() - 200;
        garbled[at] ^= 1;
        check("another body", send(signed(&body), &garbled).await, 400, "other_body");
        check("a corrupt row", send(signed(&garbled), &garbled).await, 422, "not_the_batch");
        let cut = &body[..body.len() - 9];
        check("cut short", send(signed(cut), cut).await, 400, "no_deposit");
        let long = [body.as_slice(), &[0]].concat();
        check("with more behind it", send(signed(&long), &long).await, 400, "no_deposit");
        let bomb = [BOMB, &[7; 90]].concat();
        let mut packed = put(&key, signed(&bomb), bomb.len(), &bomb);
        let head = packed.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        packed.splice(head..head, *b"content-encoding: x-ashlar-pack\r\n");
        check("a bomb", raw(serving.address, &packed).await, 400, "no_deposit");
        let huge = put(&key, signed(&body), DEPOSIT_BYTES_MAX + 1, &body);
        check("too long", raw(serving.address, &huge).await, 413, "too_long");

        let twice = Deposit {
            share: Share { chunks: [&good.share.chunks[1..], &good.share.chunks[1..2]].concat(), ..good.share.clone() },
            ..good.clone()
        };
        let twice = to_bytes(&twice);
        check("a row twice", send(signed(&twice), &twice).await, 422, "not_the_batch");
        let chunks = good.share.chunks[..3].to_vec();
        let part = to_bytes(&Deposit { share: Share { chunks, ..good.share.clone() }, ..good.clone() });
        check("a part", send(signed(&part), &part).await, 422, "lacking");
        let replay = to_bytes(&deposit(&coded(2).1));
        check("the proofs of another batch", send(signed(&replay), &replay).await, 422, "not_the_batch");

        let kept = Remote::new(&url(0, serving.address), None).unwrap().list(BatchNumber::new(0), 9).await.unwrap();
        assert_eq!(kept, ashlar_da::Kept::default(), "nothing was kept");
        let (status, text) = send(signed(&body), &body).await;
        assert_eq!(status, 200, "{text}");
        let other_exchange = by(&writer().key, ExchangeId([1; 32]), 0, &key, now_ms() + 30_000);
        check("another exchange", send(other_exchange, &body).await, 409, "other_exchange");

        let ask = async |path: &str| {
            raw(serving.address, format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
                .await
        };
        check("no name", ask("/v1/batches/12").await, 400, "malformed");
        check("no path", ask("/v2").await, 400, "malformed");
        check(
            "no rows",
            ask(&format!("/v1/batches/{}?only={}", hex(&to_bytes(&key)), "0".repeat(300))).await,
            400,
            "malformed",
        );
        check("absent", ask(&format!("/v1/batches/{}", hex(&to_bytes(&other)))).await, 404, "absent");
    });
}

#[test]
fn too_much_is_refused_for_a_while_or_for_good() {
    on_runtime("much", |context| async move {
        let limits = Policy { requests: (3, 1), place: None, ..policy(0) };
        let serving = start(&context, 0, limits).await;
        let ask =
            async || raw(serving.address, b"GET /v1/custodian HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert_eq!(ask().await.0, 200);
        let mut refused = None;
        for _ in 0..1_000 {
            match ask().await {
                (200, _) => {}
                other => {
                    refused = Some(other);
                    break;
                }
            }
        }
        let (status, text) = refused.expect("nobody asks a thousand times in a moment");
        assert!(status == 429 && text.contains("busy"), "{text}");

        let (key, whole) = coded(1);
        let body = to_bytes(&deposit(&whole));
        let serving = start(&context, 1, Policy { bytes_max: 5_000, place: None, ..policy(1) }).await;
        let permit = Permit::sign(&writer().key, EXCHANGE, custodian_key(1).address(), &key, &body, now_ms() + 30_000);
        let (status, text) = raw(serving.address, &put(&key, Some(hex(&to_bytes(&permit))), body.len(), &body)).await;
        assert!(status == 507 && text.contains("of 5000 bytes"), "{status} {text}");

        let few = Policy { writer_bytes: (body.len() as u64, 1), place: None, ..policy(2) };
        let serving = start(&context, 2, few).await;
        let permit = Permit::sign(&writer().key, EXCHANGE, custodian_key(2).address(), &key, &body, now_ms() + 30_000);
        let request = put(&key, Some(hex(&to_bytes(&permit))), body.len(), &body);
        assert_eq!(raw(serving.address, &request).await.0, 200);
        assert_eq!(raw(serving.address, &request).await.0, 429, "a writer's bytes are counted too");
    });
}

/// A reader that is slow has everything in the end; one that takes nothing holds its place no longer than it may.
#[test]
fn an_answer_that_nobody_takes_is_given_up_and_a_slow_reader_has_all_of_it() {
    const ANSWERS: usize = 30;
    on_runtime("stall", |context| async move {
        let stall = Duration::from_secs(2);
        let serving = start(&context, 0, Policy { place: None, stall, ..policy(0) }).await;
        let bytes = batch(400_000, 1);
        let published = over(&[url(0, serving.address)], 1).publish(BatchNumber::new(1), &bytes, &signatures(0)).await;
        let key = BatchKey { number: BatchNumber::new(1), commitment: published.unwrap().commitment };
        let path = format!("/v1/batches/{}", hex(&to_bytes(&key)));
        let ask = |more: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n");
        // More than what both ends hold of what was sent and not taken.
        let request = ask("").repeat(ANSWERS - 1) + &ask("connection: close\r\n");
        let asked = async || {
            let mut stream = TcpStream::connect(serving.address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            stream
        };
        let (mut stalled, mut slow) = (asked().await, asked().await);
        let (mut all, mut part, mut pauses) = (0, vec![0; 1 << 20], 0);
        loop {
            match slow.read(&mut part).await.expect("it goes on") {
                0 => break,
                count => all += count,
            }
            // Longer in all than a connection may stand still, and each much shorter.
            if all > (pauses + 1) << 20 {
                pauses += 1;
                tokio::time::sleep(stall / 16).await;
            }
        }
        assert!(all > 2 * ANSWERS * bytes.len() && pauses > 16, "{all} bytes with {pauses} pauses");
        tokio::time::sleep(stall).await;
        let mut taken = Vec::new();
        // It ends, perhaps by an error.
        let _ = stalled.read_to_end(&mut taken).await;
        assert!(taken.len() < all, "it was given up before its end");
    });
}

/// Bits of everything that is sent are turned, and no turn makes anything else be kept.
#[test]
fn no_single_garbled_byte_of_a_deposit_is_kept_as_another() {
    let (key, whole) = coded(1);
    let layout: Layout = *whole.manifest().layout();
    let bytes = to_bytes(&deposit(&whole));
    let mut decoded = 0;
    for at in (0..bytes.len()).step_by(7) {
        let mut garbled = bytes.clone();
        garbled[at] ^= 1 << (at % 8);
        let Ok(deposit) = ashlar_types::from_bytes::<Deposit>(&garbled) else { continue };
        decoded += 1;
        let root = deposit.share.manifest.data_root();
        let verifier = ashlar_coding::Verifier::new(key.commitment, root, deposit.share.manifest.clone());
        let chunks_hold =
            verifier.is_ok_and(|verifier| deposit.share.chunks.iter().all(|chunk| verifier.verify(chunk).is_ok()));
        // Signatures are a section of their own: what is turned there is of another root.
        assert!(!chunks_hold || deposit.signatures.root() != signatures(2).root(), "byte {at}");
    }
    assert!(decoded > bytes.len() / 20, "{decoded} of {} with {} rows", bytes.len(), layout.rows());
}
