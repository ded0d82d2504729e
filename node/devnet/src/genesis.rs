//! The first block: system contracts, development accounts, all forks up to Osaka from the beginning.

use ethrex_common::types::Genesis;
use serde_json::{Map, Value, json};

use crate::accounts::DEVELOPMENT_ACCOUNTS;
use crate::config::Config;
use crate::error::{DevnetError, ethrex};

/// 10,000 ether.
const BALANCE: &str = "0x21e19e0c9bab2400000";
/// Gas in a block.
pub const GAS_LIMIT: u64 = 60_000_000;

/// A contract that the protocol itself calls, with the code that its EIP gives.
struct System {
    address: &'static str,
    code: &'static str,
}

const SYSTEM: [System; 4] = [
    // EIP-4788: beacon roots.
    System {
        address: "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02",
        code: concat!(
            "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001f",
            "ff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff01",
            "5500",
        ),
    },
    // EIP-2935: block hashes.
    System {
        address: "0x0000F90827F1C53a10cb7A02335B175320002935",
        code: concat!(
            "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff",
            "81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500",
        ),
    },
    // EIP-7002: withdrawal requests.
    System {
        address: "0x00000961Ef480Eb55e80D19ad83579A64c007002",
        code: concat!(
            "0x3373fffffffffffffffffffffffffffffffffffffffe1460cb5760115f54807fffffffffffffffffffffffffffffff",
            "ffffffffffffffffffffffffffffffffff146101f457600182026001905f5b5f82111560685781019083028483029004",
            "916001019190604d565b909390049250505036603814608857366101f457346101f4575f5260205ff35b34106101f457",
            "600154600101600155600354806003026004013381556001015f35815560010160203590553360601b5f5260385f6014",
            "37604c5fa0600101600355005b6003546002548082038060101160df575060105b5f5b81811461018357828101600302",
            "60040181604c02815460601b8152601401816001015481526020019060020154807fffffffffffffffffffffffffffff",
            "ffff00000000000000000000000000000000168252906010019060401c908160381c81600701538160301c8160060153",
            "8160281c81600501538160201c81600401538160181c81600301538160101c81600201538160081c8160010153536001",
            "0160e1565b910180921461019557906002556101a0565b90505f6002555f6003555b5f54807fffffffffffffffffffff",
            "ffffffffffffffffffffffffffffffffffffffffffff14156101cd57505f5b6001546002828201116101e25750505f61",
            "01e8565b01600290035b5f555f600155604c025ff35b5f5ffd",
        ),
    },
    // EIP-7251: consolidation requests.
    System {
        address: "0x0000BBdDc7CE488642fb579F8B00f3a590007251",
        code: concat!(
            "0x3373fffffffffffffffffffffffffffffffffffffffe1460d35760115f54807fffffffffffffffffffffffffffffff",
            "ffffffffffffffffffffffffffffffffff1461019a57600182026001905f5b5f82111560685781019083028483029004",
            "916001019190604d565b9093900492505050366060146088573661019a573461019a575f5260205ff35b341061019a57",
            "600154600101600155600354806004026004013381556001015f35815560010160203581556001016040359055336060",
            "1b5f5260605f60143760745fa0600101600355005b6003546002548082038060021160e7575060025b5f5b8181146101",
            "295782810160040260040181607402815460601b81526014018160010154815260200181600201548152602001906003",
            "0154905260010160e9565b910180921461013b5790600255610146565b90505f6002555f6003555b5f54807fffffffff",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff141561017357505f5b6001546001828201116101",
            "885750505f61018e565b01600190035b5f555f6001556074025ff35b5f5ffd0000",
        ),
    },
];

/// The first block of a chain.
pub fn genesis(config: &Config) -> Result<Genesis, DevnetError> {
    let mut alloc = Map::new();
    for contract in &SYSTEM {
        alloc.insert(contract.address.into(), json!({ "balance": "0x0", "nonce": "0x1", "code": contract.code }));
    }
    for address in DEVELOPMENT_ACCOUNTS.iter().map(|account| &account.address).chain(&config.funded) {
        alloc.insert(hex(address), json!({ "balance": BALANCE }));
    }
    let zero = format!("0x{}", "0".repeat(64));
    let block = json!({
        "config": forks(config.chain_id), "alloc": alloc, "coinbase": format!("0x{}", "0".repeat(40)),
        "difficulty": "0x0", "extraData": "0x", "gasLimit": format!("{GAS_LIMIT:#x}"), "nonce": "0x0", "mixHash": zero,
        "timestamp": "0x0", "baseFeePerGas": "0x3b9aca00", "blobGasUsed": "0x0", "excessBlobGas": "0x0",
    });
    serde_json::from_value(block).map_err(ethrex("reading the first block"))
}

/// Every fork from the beginning, and the blob limits of each.
fn forks(chain_id: u64) -> Value {
    let mut config = json!({
        "chainId": chain_id, "terminalTotalDifficulty": "0x0", "terminalTotalDifficultyPassed": true,
        "depositContractAddress": "0x4242424242424242424242424242424242424242",
        "blobSchedule": {
            "cancun": { "target": 3, "max": 6, "baseFeeUpdateFraction": 3_338_477 },
            "prague": { "target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716 },
            "osaka": { "target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716 },
        },
        "daoForkSupport": false, "shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0, "osakaTime": 0,
    });
    for fork in [
        "homestead",
        "eip150",
        "eip155",
        "eip158",
        "byzantium",
        "constantinople",
        "petersburg",
        "istanbul",
        "muirGlacier",
        "berlin",
        "london",
        "arrowGlacier",
        "grayGlacier",
        "mergeNetsplit",
    ] {
        config[format!("{fork}Block")] = json!(0);
    }
    config
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::from("0x"), |text, byte| text + &format!("{byte:02x}"))
}
