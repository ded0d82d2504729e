//! The stage of a story: a chain, a deployed exchange, keys in files, a token.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use alloy::network::{EthereumWallet, TransactionBuilder as _};
use alloy::primitives::{Address, U256};
use alloy::providers::{DynProvider, Provider as _, ProviderBuilder};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolConstructor as _;
use ashlar_contracts::Artifact;
use ashlar_contracts::abi::{DevelopmentToken, IBridge};
use ashlar_devnet::DEVELOPMENT_ACCOUNTS;
use ashlar_settlement::contract::Addresses;
use ashlar_types::{Address as Owner, Deployment};
use serde_json::{Value, json};

use crate::chain::{CHAIN_ID, Chain};
use crate::command::{Folder, Ran, ashlar};
use crate::venue::governed;

/// Seconds in which an entry must be final, and of the first phase of a freeze.
pub const DEADLINE_S: u64 = 7_200;
pub const GRACE_S: u64 = 3_600;
/// Development accounts by what they do here.
pub const OPERATOR: usize = 0;
pub const ALICE: usize = 1;
pub const BOB: usize = 2;
pub const MINTER: usize = 3;

pub struct World {
    pub chain: Chain,
    pub folder: Folder,
    /// Where the operator's folders of data are.
    pub data: PathBuf,
    pub addresses: Addresses,
    pub token: Address,
    pub house: Address,
    pub genesis_ms: u64,
}

pub fn address(who: usize) -> Address {
    DEVELOPMENT_ACCOUNTS[who].address.into()
}

impl World {
    /// Deploys with short deadlines, through the binary.
    pub async fn build(name: &str, chain: Chain) -> World {
        World::build_with(name, chain, |_| {}).await
    }

    /// The same with other terms.
    pub async fn build_with(name: &str, chain: Chain, change: impl FnOnce(&mut Value)) -> World {
        let folder = Folder::new(name);
        for (who, account) in DEVELOPMENT_ACCOUNTS.iter().enumerate() {
            let key = alloy::hex::encode(account.development_key);
            fs::write(folder.join(format!("key-{who}")), key).expect("written");
        }
        let template = ashlar(["deploy", "--profile", "dev", "--print-terms"]);
        let mut terms: Value = serde_json::from_str(&template.out).expect("JSON");
        terms["deadline_s"] = json!(DEADLINE_S);
        terms["grace_s"] = json!(GRACE_S);
        // A time that a node can be configured with.
        terms["genesis_ms"] = json!(1);
        change(&mut terms);
        fs::write(folder.join("terms.json"), terms.to_string()).expect("written");
        deploy(&chain, &folder).done();
        let file: Value =
            serde_json::from_slice(&fs::read(folder.join("deployment.json")).expect("read")).expect("JSON");
        let addresses = serde_json::from_value(file["deployed"]["addresses"].clone()).expect("addresses");
        let genesis_ms = file["terms"]["genesis_ms"].as_u64().expect("a time");
        let house = file["terms"]["house_owner"].as_str().expect("an owner").parse().expect("an address");
        let token = make_token(&chain).await;
        let data = folder.0.clone();
        World { chain, folder, data, addresses, token, house, genesis_ms }
    }

    /// Lists ether, the token and a market between them, as whoever proposes does without a node.
    pub async fn list(&self) {
        let governance = wallet(&self.chain.url(), OPERATOR);
        for input in governed(&self.addresses, self.token) {
            let call = TransactionRequest::default().with_to(self.addresses.governance).with_input(input);
            let receipt = governance.send_transaction(call).await.expect("sent").get_receipt().await.expect("mined");
            assert!(receipt.status(), "{receipt:?}");
        }
    }

    /// The exchange that its contracts are of.
    pub fn deployment(&self) -> Deployment {
        Deployment { chain_id: CHAIN_ID, settlement: Owner(self.addresses.settlement.0.0) }
    }

    /// Runs a command about this exchange as one of the development accounts.
    pub fn run(&self, who: usize, command: &[&str]) -> Ran {
        let (name, rest) = command.split_first().expect("a command");
        let mut arguments: Vec<String> = vec![(*name).to_owned()];
        let place = [
            "--l1".to_owned(),
            self.chain.url(),
            "--deployment".to_owned(),
            self.path("deployment.json"),
            "--key-file".to_owned(),
            self.path(&format!("key-{who}")),
            "--json".to_owned(),
        ];
        arguments.extend(place);
        arguments.extend(rest.iter().map(|argument| (*argument).to_owned()));
        ashlar(arguments)
    }

    /// The same with folders of data.
    pub fn run_with_data(&self, who: usize, command: &[&str], folders: &[usize]) -> Ran {
        let mut all: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        for folder in folders {
            all.extend(["--da".to_owned(), self.data.join(format!("da-{folder}")).display().to_string()]);
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        self.run(who, &all)
    }

    /// What an audit says that has nothing but L1 and these folders of data. It executes every batch again.
    pub fn audit(&self, folders: &[usize]) -> Value {
        let mut arguments = vec!["verify".to_owned(), "--json".to_owned()];
        for (option, value) in [
            ("--l1", self.chain.url()),
            ("--settlement", self.addresses.settlement.to_string()),
            ("--genesis-ms", self.genesis_ms.to_string()),
            ("--house-owner", self.house.to_string()),
        ] {
            arguments.extend([option.to_owned(), value]);
        }
        for folder in folders {
            arguments.extend(["--da".to_owned(), self.data.join(format!("da-{folder}")).display().to_string()]);
        }
        let mut lines = ashlar(arguments).done();
        let summary = lines.pop().expect("a summary");
        assert_eq!(summary["clean"], true, "{lines:?}{summary}");
        summary
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    pub fn path_of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn l1(&self) -> DynProvider {
        ProviderBuilder::new().connect_http(self.chain.url().parse().expect("a URL")).erased()
    }

    /// What an account has of ether and of the token.
    pub async fn purse(&self, of: Address) -> (U256, U256) {
        let l1 = self.l1();
        let ether = l1.get_balance(of).await.expect("answers");
        let tokens = DevelopmentToken::new(self.token, &l1).balanceOf(of).call().await.expect("answers");
        (ether, tokens)
    }

    /// What the bridge counts as held of an asset, in the exchange's units.
    pub async fn held(&self, asset: u16) -> u64 {
        let bridge = IBridge::new(self.addresses.bridge, self.l1());
        bridge.asset(asset).call().await.expect("answers").held
    }

    pub async fn fees_held(&self) -> U256 {
        IBridge::new(self.addresses.bridge, self.l1()).feesHeld().call().await.expect("answers")
    }
}

pub fn deploy(chain: &Chain, folder: &Folder) -> Ran {
    let path = |name: &str| folder.join(name).display().to_string();
    ashlar([
        "deploy".to_owned(),
        "--profile".to_owned(),
        "dev".to_owned(),
        "--l1".to_owned(),
        chain.url(),
        "--terms".to_owned(),
        path("terms.json"),
        "--key-file".to_owned(),
        path(&format!("key-{OPERATOR}")),
        "--into".to_owned(),
        folder.0.display().to_string(),
        "--json".to_owned(),
    ])
}

/// A wallet with a connection.
pub fn wallet(url: &str, who: usize) -> DynProvider {
    let signer = PrivateKeySigner::from_slice(&DEVELOPMENT_ACCOUNTS[who].development_key).expect("a key");
    let provider = ProviderBuilder::new()
        .disable_recommended_fillers()
        .with_simple_nonce_management()
        .with_gas_estimation()
        .fetch_chain_id()
        .wallet(EthereumWallet::from(signer))
        .connect_http(url.parse().expect("a URL"));
    provider.client().set_poll_interval(Duration::from_millis(50));
    provider.erased()
}

/// A token of six digits, of which Bob has a hundred thousand.
async fn make_token(chain: &Chain) -> Address {
    let l1 = wallet(&chain.url(), MINTER);
    let call = DevelopmentToken::constructorCall { name_: "USDX".into(), symbol_: "USDX".into(), decimals_: 6 };
    let code = [Artifact::DEVELOPMENT_TOKEN.creation_code().expect("committed").as_ref(), &call.abi_encode()].concat();
    let request = TransactionRequest::default().with_deploy_code(code);
    let receipt = l1.send_transaction(request).await.expect("sent").get_receipt().await.expect("mined");
    let token = receipt.contract_address.expect("created");
    let contract = DevelopmentToken::new(token, &l1);
    let minted = contract.mint(address(BOB), U256::from(100_000_000_000_u64)).send().await.expect("sent");
    assert!(minted.get_receipt().await.expect("mined").status());
    token
}
