//! The chain's own methods, all beginning with `dev_`, for tests that run in another process.

use std::time::Duration;

use ethrex_common::H256;
use serde_json::{Value, json};

use super::{Answer, Endpoint};
use crate::config::Tags;
use crate::error::DevnetError;
use crate::faults::Fault;
use crate::reorg::Orphaned;

impl Endpoint {
    /// Answers the chain's own methods.
    pub(super) async fn control(&self, asked: &Value) -> Answer {
        let params = &asked["params"];
        let outcome = match asked["method"].as_str().unwrap_or_default() {
            "dev_mine" => self.mine(params).await,
            "dev_reorg" => self.reorg(params).await,
            "dev_setHead" => self.set_head(params).await,
            "dev_setTags" => self.set_tags(params).await,
            "dev_increaseTime" => self.increase_time(params).await,
            "dev_fail" => self.fail(params),
            _ => return Answer::Ethrex,
        };
        outcome.map_or_else(Answer::from, Answer::Result)
    }

    async fn mine(&self, params: &Value) -> Result<Value, DevnetError> {
        let takes = DevnetError::Parameters { method: "dev_mine", takes: "nothing, or a number of blocks up to 1024" };
        let blocks = optional(&params[0], 1).filter(|blocks| (1..=1_024).contains(blocks)).ok_or(takes)?;
        let mut head = H256::zero();
        for _ in 0..blocks {
            head = self.chain.mine().await?;
        }
        Ok(json!(hex(&head.0)))
    }

    async fn reorg(&self, params: &Value) -> Result<Value, DevnetError> {
        let takes = || DevnetError::Parameters {
            method: "dev_reorg",
            takes: "blocks to undo, blocks instead (1 to 1024), and \"drop\", \"wait\" or \"reverse\" for their transactions",
        };
        let depth = params[0].as_u64().ok_or_else(takes)?;
        let instead = params[1].as_u64().filter(|instead| (1..=1_024).contains(instead)).ok_or_else(takes)?;
        let what = match params[2].as_str() {
            None | Some("drop") => Orphaned::Dropped,
            Some("wait") => Orphaned::Wait,
            Some("reverse") => Orphaned::Reversed,
            Some(_) => return Err(takes()),
        };
        let done = self.chain.reorganise(depth, instead, what).await?;
        Ok(json!({
            "fork": hex(&done.fork), "oldHead": hex(&done.old_head), "newHead": hex(&done.new_head),
            "orphaned": done.orphaned, "waiting": done.waiting,
        }))
    }

    async fn set_head(&self, params: &Value) -> Result<Value, DevnetError> {
        let takes = DevnetError::Parameters { method: "dev_setHead", takes: "the hash of a block" };
        let head = params[0].as_str().and_then(bytes).filter(|bytes| bytes.len() == 32).ok_or(takes)?;
        self.chain.return_to(H256::from_slice(&head)).await?;
        Ok(json!(true))
    }

    async fn set_tags(&self, params: &Value) -> Result<Value, DevnetError> {
        let behind = match (params[0].as_u64(), params[1].as_u64()) {
            (Some(safe_behind), Some(finalized_behind)) => Some(Tags { safe_behind, finalized_behind }),
            _ if params[0].is_null() => None,
            _ => {
                let takes = "blocks from head to safe and to finalized, or nothing to let them trail again";
                return Err(DevnetError::Parameters { method: "dev_setTags", takes });
            }
        };
        self.chain.pin_tags(behind).await?;
        Ok(json!(true))
    }

    async fn increase_time(&self, params: &Value) -> Result<Value, DevnetError> {
        let takes = DevnetError::Parameters { method: "dev_increaseTime", takes: "a number of seconds" };
        let seconds = params[0].as_u64().ok_or(takes)?;
        Ok(json!(self.chain.write().await.hurry(seconds)))
    }

    fn fail(&self, params: &Value) -> Result<Value, DevnetError> {
        let takes = || DevnetError::Parameters {
            method: "dev_fail",
            takes: "\"down\", \"up\", \"noAnswer\", \"unavailable\", \"late\" and milliseconds, \"lostBroadcast\" or \"unansweredBroadcast\"",
        };
        let fault = match params[0].as_str().unwrap_or_default() {
            "down" | "up" => {
                self.faults.set_down(params[0] == "down");
                return Ok(json!(true));
            }
            "noAnswer" => Fault::NoAnswer,
            "unavailable" => Fault::Unavailable,
            "late" => Fault::Late(Duration::from_millis(params[1].as_u64().ok_or_else(takes)?)),
            "lostBroadcast" => Fault::LostBroadcast,
            "unansweredBroadcast" => Fault::UnansweredBroadcast,
            _ => return Err(takes()),
        };
        self.faults.add(fault);
        Ok(json!(true))
    }
}

fn optional(param: &Value, otherwise: u64) -> Option<u64> {
    if param.is_null() { Some(otherwise) } else { param.as_u64() }
}

/// Hexadecimal with its prefix.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::from("0x"), |text, byte| text + &format!("{byte:02x}"))
}

/// Bytes from hexadecimal, with or without its prefix.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.len() == 2 && !pair.contains('+'))
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        })
        .collect()
}
