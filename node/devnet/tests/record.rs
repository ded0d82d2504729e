//! A chain on disk: it goes on where it was stopped, and says when its record is not whole.

mod client;

use std::fs;
use std::path::PathBuf;

use alloy::primitives::{B256, U256};
use alloy::providers::Provider;
use ashlar_devnet::{Config, Devnet, DevnetError, Orphaned};
use client::{BOB, alice, pay};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ashlar-devnet-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        Folder(path)
    }

    fn config(&self) -> Config {
        Config { record: Some(self.0.join("blocks")), ..Config::default() }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[tokio::test]
async fn a_chain_goes_on_where_it_was_stopped() {
    let folder = Folder::new("goes-on");
    let devnet = Devnet::start(&folder.config()).expect("starts");
    let client = alice(&devnet);
    pay(&client, 3).await;
    for _ in 0..6 {
        devnet.mine().await.expect("mined");
    }
    let reorg = devnet.reorganise(2, 3, Orphaned::Dropped).await.expect("reorganised");
    let head = devnet.head().await.expect("head");
    drop((devnet, client));

    let devnet = Devnet::start(&folder.config()).expect("starts again");
    assert_eq!(devnet.head().await.expect("head"), head);
    let client = alice(&devnet);
    assert_eq!(client.get_balance(BOB).await.expect("answers"), U256::from(3));
    let orphan = client.get_block_by_hash(B256::from(reorg.old_head)).await.expect("answers");
    assert!(orphan.is_some(), "side blocks come back too");
    pay(&client, 4).await;
    devnet.mine().await.expect("mined");
    assert_eq!(client.get_balance(BOB).await.expect("answers"), U256::from(7));
}

#[tokio::test]
async fn a_torn_end_is_dropped_and_a_changed_middle_refused() {
    let folder = Folder::new("torn");
    let devnet = Devnet::start(&folder.config()).expect("starts");
    for _ in 0..3 {
        devnet.mine().await.expect("mined");
    }
    let third = devnet.head().await.expect("head");
    drop(devnet);
    let file = folder.0.join("blocks");
    let whole = fs::read(&file).expect("a record");

    fs::write(&file, [&whole[..], &whole[..40]].concat()).expect("written");
    let devnet = Devnet::start(&folder.config()).expect("a torn end is no harm");
    assert_eq!(devnet.head().await.expect("head"), third);
    drop(devnet);
    assert_eq!(fs::read(&file).expect("a record"), whole, "and is cut off");

    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    fs::write(&file, changed).expect("written");
    let refused = Devnet::start(&folder.config()).map(drop).expect_err("changed");
    assert!(matches!(refused, DevnetError::ForeignRecord { .. }), "{refused}");

    let other = Devnet::start(&Config { chain_id: 77, ..folder.config() });
    assert!(other.is_err(), "and so is another chain's");
}
