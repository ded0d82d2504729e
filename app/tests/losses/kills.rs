//! Killed at random moments under load. `ASHLAR_KILLS` says how often; the deterministic runtime has more kills, quicker, with torn writes.

use std::time::{Duration, SystemTime};

use super::parts::{AT_ONCE, Acknowledged, Folder, Running, is_whole, replayed, trade, trader};
use super::ports;

#[test]
fn a_process_that_is_killed_under_load_loses_nothing_that_it_acknowledged() {
    let kills = std::env::var("ASHLAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(25);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(lives(kills));
}

async fn lives(kills: usize) {
    let folder = Folder::new("kills");
    let data = folder.0.join("data");
    let mut seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").subsec_nanos();
    let api = ports::free();
    let (mut acknowledged, mut asked) = (Acknowledged::new(), 0);
    let mut node = Running::start(&folder, &data, api);
    let mut trader = trader(&node).await;
    for kill in 0..kills {
        let mut gateway = node.gateway().await;
        is_whole(&mut gateway, &acknowledged[asked..], &format!("at kill {kill}")).await;
        // What was asked for after one kill is asked for again after the last one.
        asked = acknowledged.len();
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let alive = Duration::from_millis(u64::from(seed >> 16) % 700);
        let trading = trade(&mut gateway, &mut trader, &mut acknowledged);
        assert!(tokio::time::timeout(alive, trading).await.is_err(), "it died by itself: {}", node.log());
        node.kill();
        node = Running::start(&folder, &data, api);
    }
    let mut gateway = node.gateway().await;
    is_whole(&mut gateway, &acknowledged, "at the end").await;
    assert!(acknowledged.len() > kills * AT_ONCE, "only {} were acknowledged", acknowledged.len());
    let last = acknowledged.iter().map(|(_, answer)| answer.first.get()).max().expect("some");
    node.until(&format!("/v1/commands/{last}/batch"), |batch| batch["stage"] == "final").await;
    node.kill();
    assert!(replayed(&data) > last, "an uninterrupted replay has all of it");
    println!("{} messages were acknowledged through {kills} kills", acknowledged.len());
}
