//! Who trades: owners that sign every command with their wallets.

use ashlar_devnet::DEVELOPMENT_ACCOUNTS;
use ashlar_types::sign::{WalletSecret, wallet_digest};
use ashlar_types::{
    AccountId, Amount, AssetId, Command, Deployment, Header, Lots, MarketId, Message, NewOrder, Price, Side, Signer,
    Time,
};

/// A message and what its owner signed.
#[derive(Clone)]
pub struct Said {
    pub message: Message,
    pub signature: [u8; 65],
}

pub struct Trader {
    secret: WalletSecret,
    deployment: Deployment,
    pub account: AccountId,
    nonce: u64,
}

impl Trader {
    pub fn new(who: usize, account: u32, deployment: Deployment) -> Trader {
        let secret = WalletSecret::new(&DEVELOPMENT_ACCOUNTS[who].development_key).expect("a key");
        Trader { secret, deployment, account: AccountId::new(account).expect("an account"), nonce: 0 }
    }

    pub fn says(&mut self, command: Command) -> Said {
        self.nonce += 1;
        let (account, nonce) = (self.account, self.nonce);
        let header = Header { account, signer: Signer::Owner, nonce, not_after: Time::NEVER };
        let message = Message { header, commands: vec![command] };
        let digest = wallet_digest(&self.deployment, &message).expect("can be signed");
        Said { signature: self.secret.sign(&digest), message }
    }

    /// An order for so many thousandths of ether at so many cents.
    pub fn order(&mut self, side: Side, cents: u64, lots: u64) -> Said {
        let (price, lots) = (Price::new(cents).expect("a price"), Lots::new(lots).expect("lots"));
        self.says(Command::Place(NewOrder::limit(MarketId::FIRST, side, price, lots)))
    }

    pub fn withdraws(&mut self, asset: u16, units: u64) -> Said {
        let asset = AssetId::new(asset).expect("an asset");
        self.says(Command::Withdraw { asset, amount: Amount::new(units).expect("an amount") })
    }
}
