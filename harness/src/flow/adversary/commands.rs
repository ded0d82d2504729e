//! Commands of accounts.

use ashlar_types::{
    AccountId, Amount, AssetId, CancelFilter, ClientId, Command, KeyGrant, KeySlot, Lots, NewOrder, OneCancelsOther,
    OrderKind, PostOnly, Quote, Scopes, Side, Time, TimeInForce,
};

use super::model::Repair;
use super::{Adversary, outside, time};

impl Adversary {
    /// Any command.
    pub(super) fn command(&mut self, account: AccountId) -> Command {
        let weights = [480, 90, 50, 70, 35, 12, 35, 50, 8, 12, 12, 6, 10, 4, 3, 20];
        match self.random.weighted(&weights) {
            0 => Command::Place(self.order()),
            1 => Command::Cancel(self.some_order(account)),
            2 => {
                let by = if self.random.permille(900) { self.small_lots() } else { self.some_lots() };
                Command::Reduce { order: self.some_order(account), by }
            }
            3 => {
                let order = self.some_order(account);
                Command::Replace { order, price: self.some_price(order.market), lots: self.some_lots() }
            }
            4 => Command::CancelPlace { cancel: self.some_order(account), place: self.order() },
            5 => Command::CancelAll(self.filter()),
            6 => self.mass_quote(account),
            7 => self.pair(),
            8 => self.dead_man(account),
            9 => {
                let to = self.some_account();
                Command::Transfer { to, asset: self.some_asset(), amount: self.some_amount() }
            }
            10 => Command::Withdraw { asset: self.some_asset(), amount: self.some_amount() },
            11 => {
                let stop = self.random.permille(600);
                if stop {
                    self.model.broken(Repair::Account(account, vec![Command::KillSwitch { stop: false }]));
                }
                Command::KillSwitch { stop }
            }
            12 => Command::RegisterKey(self.grant()),
            13 => Command::RevokeKey(self.some_slot()),
            14 if self.model.accounts < outside::ACCOUNTS_MAX => Command::OpenSubAccount,
            _ => {
                let count = if self.random.permille(20) { self.random.below(70) } else { self.random.halving(6) };
                Command::Sweep((0..count).map(|_| self.some_order(account)).collect())
            }
        }
    }

    fn small_lots(&mut self) -> Lots {
        Lots::new(self.random.below(6)).expect("five lots")
    }

    fn filter(&mut self) -> CancelFilter {
        let mut filter = CancelFilter::ALL;
        if self.random.permille(700) {
            filter.market = Some(self.some_market());
        }
        if self.random.permille(600) {
            filter.side = Some(self.some_side());
        }
        if self.random.permille(600) {
            let market = filter.market.unwrap_or_default();
            filter.prices = Some((self.some_price(market), self.some_price(market)));
        }
        filter
    }

    fn mass_quote(&mut self, account: AccountId) -> Command {
        let market = self.some_market();
        let count = match self.random.weighted(&[900, 80, 20]) {
            0 => self.random.between(1, 6),
            1 => self.random.between(7, 32),
            _ => *self.random.pick(&[0, 33]),
        };
        let quotes = (0..count).map(|_| {
            let replaces = if self.random.permille(600) { Some(self.some_order(account)) } else { None };
            let lots = if self.random.permille(200) { Lots::ZERO } else { self.some_lots() };
            let (side, price) = (self.some_side(), self.some_price(market));
            Quote { replaces, side, price, lots, client: ClientId(self.random.below(100)) }
        });
        Command::MassQuote { market, quotes: quotes.collect() }
    }

    /// Two legs that mostly fit together: one away from the market, one behind a trigger on the other side of it.
    fn pair(&mut self) -> Command {
        let mut limit = self.order();
        let mut stop = self.order();
        if self.random.permille(900) {
            limit.kind = OrderKind::Limit;
            limit.time_in_force = TimeInForce::Rest;
            limit.post_only = PostOnly::No;
            limit.display = Lots::ZERO;
            limit.trigger = None;
            let last = self.model.last.get(&limit.market).map_or(outside::REFERENCE, |price| price.get());
            let away = self.random.between(0, 5);
            let ticks = if limit.side == Side::Buy { last.saturating_sub(away) } else { last + away };
            limit.price = ashlar_types::Price::saturating(ticks);
            let trigger = Some(self.some_trigger(limit.market));
            stop = NewOrder {
                market: limit.market,
                side: limit.side,
                lots: limit.lots,
                expires: limit.expires,
                post_only: PostOnly::No,
                display: Lots::ZERO,
                trigger,
                ..stop
            };
            if limit.expires == Time::NEVER && stop.time_in_force == TimeInForce::FillOrKill {
                stop.time_in_force = TimeInForce::ImmediateOrCancel;
            } else if limit.expires != Time::NEVER {
                stop.time_in_force = TimeInForce::Rest;
                stop.kind = OrderKind::Limit;
            }
        }
        Command::OneCancelsOther(Box::new(OneCancelsOther { limit, stop }))
    }

    /// Once it has passed, the account is of no use until its orders are gone and it is set anew.
    fn dead_man(&mut self, account: AccountId) -> Command {
        let at = match self.random.weighted(&[500, 400, 100]) {
            0 => time(self.now + self.random.between(1, 60)),
            1 => Time::NEVER,
            _ => time(self.now),
        };
        let repair = vec![Command::CancelAll(CancelFilter::ALL), Command::DeadMan(Time::NEVER)];
        self.model.broken(Repair::Account(account, repair));
        Command::DeadMan(at)
    }

    pub(super) fn some_slot(&mut self) -> KeySlot {
        KeySlot::new(self.random.below(3) as u8).expect("there are more slots")
    }

    /// A key, mostly good.
    pub(super) fn grant(&mut self) -> KeyGrant {
        let slot = self.some_slot();
        let scopes = match self.random.weighted(&[500, 400, 100]) {
            0 => Scopes::ALL,
            1 => Scopes(self.random.below(16) as u8),
            _ => Scopes(self.random.below(256) as u8),
        };
        let expires = match self.random.weighted(&[750, 200, 50]) {
            0 => Time::NEVER,
            1 => time(self.now + self.random.between(10, 90_000)),
            _ => time(self.now),
        };
        KeyGrant { slot, public: [self.random.bits() as u8; 32], scopes, expires }
    }

    pub(super) fn some_asset(&mut self) -> AssetId {
        let number = if self.random.permille(970) { self.random.below(u64::from(outside::ASSETS)) } else { 30 };
        AssetId::new(number as u16).expect("31 assets can be listed")
    }

    pub(super) fn some_amount(&mut self) -> Amount {
        let units = match self.random.weighted(&[850, 100, 30, 20]) {
            0 => self.random.between(1, 400),
            1 => self.random.between(1, 100_000),
            2 => 0,
            _ => self.random.bits() >> self.random.between(1, 40),
        };
        Amount::new(units).unwrap_or(Amount::MAX)
    }
}
