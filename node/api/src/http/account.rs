//! Accounts. Nothing here is secret: whatever an account does is in data that anyone can read, so anyone may ask.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use ashlar_types::{AccountId, Address, MarketId};

use super::attachment;
use super::endpoint::{Endpoint, Example, Method, Shape};
use super::extract::{Named, Query};
use super::market::{bounded, look};
use super::state::Api;
use crate::door::AccountFacts;
use crate::limits::{ACCOUNT_HISTORY_MAX, OPEN_ORDERS_MAX};
use crate::live::history_line;
use crate::model::What;
use crate::schema::{
    AccountView, ApiError, Decimal, FillView, Hex, HistoryLine, HoldingView, KeyView, OpenOrderView, UnwoundView,
};

const fn row(path: &'static str, summary: &'static str, answer: Shape, example: &'static str) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path,
        tag: "accounts",
        summary,
        query: None,
        body: None,
        answer,
        example: Example::get(example),
        route: || get(account),
    }
}

pub(super) const ENDPOINTS: &[Endpoint] = &[
    row(
        "/v1/accounts/{account}",
        "An account: its funds, keys and standing.",
        Shape::json::<AccountView>(),
        "/v1/accounts/1",
    ),
    Endpoint {
        route: || get(accounts_of),
        ..row(
            "/v1/owners/{address}/accounts",
            "The accounts of an owner, the first one first.",
            Shape::json::<Vec<u32>>(),
            "/v1/owners/0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a00000001/accounts",
        )
    },
    Endpoint {
        route: || get(balances),
        ..row(
            "/v1/accounts/{account}/balances",
            "The funds of an account.",
            Shape::json::<Vec<HoldingView>>(),
            "/v1/accounts/1/balances",
        )
    },
    Endpoint {
        route: || get(keys),
        ..row(
            "/v1/accounts/{account}/keys",
            "The session keys of an account. One is revoked by a signed `revoke_key`.",
            Shape::json::<Vec<KeyView>>(),
            "/v1/accounts/1/keys",
        )
    },
    Endpoint {
        query: Some(Shape::json::<OrdersQuery>()),
        route: || get(orders),
        ..row(
            "/v1/accounts/{account}/orders",
            "The open orders and pending triggers of an account.",
            Shape::json::<Vec<OpenOrderView>>(),
            "/v1/accounts/1/orders?market=0",
        )
    },
    Endpoint {
        query: Some(Shape::json::<HistoryQuery>()),
        route: || get(history),
        ..row(
            "/v1/accounts/{account}/history",
            "What happened to an account since this server runs, latest first.",
            Shape::json::<Vec<HistoryLine>>(),
            "/v1/accounts/1/history?limit=20",
        )
    },
    Endpoint {
        query: Some(Shape::json::<HistoryQuery>()),
        route: || get(fills),
        ..row(
            "/v1/accounts/{account}/fills",
            "The trades of an account since this server runs, latest first.",
            Shape::json::<Vec<FillView>>(),
            "/v1/accounts/1/fills?limit=20",
        )
    },
    Endpoint {
        query: Some(Shape::json::<UnwoundQuery>()),
        route: || get(unwound),
        ..row(
            "/v1/accounts/{account}/unwound",
            "The commands of an account that are answered otherwise since L1 took back what they rested on, oldest first.",
            Shape::json::<Vec<UnwoundView>>(),
            "/v1/accounts/1/unwound?after=0",
        )
    },
    Endpoint {
        route: || get(fills_csv),
        ..row(
            "/v1/accounts/{account}/fills.csv",
            "The same as comma-separated values.",
            Shape::text("text/csv"),
            "/v1/accounts/1/fills.csv",
        )
    },
    Endpoint {
        route: || get(history_csv),
        ..row(
            "/v1/accounts/{account}/history.csv",
            "The history as comma-separated values, latest first. A line has what its type has; the other cells are empty.",
            Shape::text("text/csv"),
            "/v1/accounts/1/history.csv",
        )
    },
];

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OrdersQuery {
    /// Of one market only.
    market: Option<u16>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HistoryQuery {
    /// How many, 1 to 1000; 100 if absent.
    limit: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UnwoundQuery {
    /// The last epoch that is known already; 0 if absent.
    after: Option<Decimal>,
}

fn id(number: u32) -> Result<AccountId, ApiError> {
    AccountId::new(number).ok_or_else(|| ApiError::not_found("account", number))
}

async fn facts(api: &Api, number: u32) -> Result<(AccountId, AccountFacts), ApiError> {
    let account = id(number)?;
    let facts = api.door().account(account).await?;
    Ok((account, facts.ok_or_else(|| ApiError::not_found("account", number))?))
}

async fn view(api: &Api, number: u32) -> Result<AccountView, ApiError> {
    let (account, facts) = facts(api, number).await?;
    Ok(AccountView::of(account, &facts))
}

async fn account(State(api): State<Api>, Named(number): Named<u32>) -> Result<Json<AccountView>, ApiError> {
    view(&api, number).await.map(Json)
}

async fn balances(State(api): State<Api>, Named(number): Named<u32>) -> Result<Json<Vec<HoldingView>>, ApiError> {
    view(&api, number).await.map(|view| Json(view.holdings))
}

async fn keys(State(api): State<Api>, Named(number): Named<u32>) -> Result<Json<Vec<KeyView>>, ApiError> {
    view(&api, number).await.map(|view| Json(view.keys))
}

async fn accounts_of(State(api): State<Api>, Named(address): Named<Hex>) -> Result<Json<Vec<u32>>, ApiError> {
    let owner = address.array().map(Address).ok_or_else(|| ApiError::range("address", &address))?;
    let accounts = api.door().accounts_of(owner).await?;
    Ok(Json(accounts.into_iter().map(AccountId::get).collect()))
}

async fn orders(
    State(api): State<Api>,
    Named(number): Named<u32>,
    Query(query): Query<OrdersQuery>,
) -> Result<Json<Vec<OpenOrderView>>, ApiError> {
    let account = id(number)?;
    let market = query.market.map(|number| MarketId::new(number).ok_or_else(|| ApiError::not_found("market", number)));
    let market = market.transpose()?;
    look(&api, |model| {
        let wanted = model.orders.of(account).filter(|order| market.is_none_or(|market| market == order.market()));
        Json(wanted.take(OPEN_ORDERS_MAX).map(OpenOrderView::from).collect())
    })
}

async fn history(
    State(api): State<Api>,
    Named(number): Named<u32>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Vec<HistoryLine>>, ApiError> {
    let (account, limit) = (id(number)?, bounded("limit", query.limit, 100, ACCOUNT_HISTORY_MAX)?);
    look(&api, |model| Json(model.history.of(account).take(limit).map(|entry| history_line(account, entry)).collect()))
}

fn fills_of(api: &Api, account: AccountId, limit: usize) -> Result<Vec<FillView>, ApiError> {
    look(api, |model| {
        let fills = model.history.of(account).filter(|entry| matches!(entry.what, What::Fill { .. })).take(limit);
        let line = |entry| match history_line(account, entry) {
            HistoryLine::Fill(fill) => Some(fill),
            _ => None,
        };
        fills.filter_map(line).collect()
    })
}

async fn fills(
    State(api): State<Api>,
    Named(number): Named<u32>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<Vec<FillView>>, ApiError> {
    let limit = bounded("limit", query.limit, 100, ACCOUNT_HISTORY_MAX)?;
    fills_of(&api, id(number)?, limit).map(Json)
}

async fn unwound(
    State(api): State<Api>,
    Named(number): Named<u32>,
    Query(query): Query<UnwoundQuery>,
) -> Result<Json<Vec<UnwoundView>>, ApiError> {
    let after = query.after.map_or(0, |Decimal(epoch)| epoch);
    let unwound = api.door().unwound(id(number)?, after).await?;
    Ok(Json(unwound.iter().map(UnwoundView::from).collect()))
}

async fn fills_csv(State(api): State<Api>, Named(number): Named<u32>) -> Result<Response, ApiError> {
    let mut csv = String::from("sequence,time,account,market,order,side,maker,price,lots,fee,rebate\n");
    for fill in fills_of(&api, id(number)?, ACCOUNT_HISTORY_MAX)? {
        let FillView { sequence, time, account, market, order, maker, .. } = &fill;
        let (Decimal(price), Decimal(lots), Decimal(fee), Decimal(rebate)) =
            (fill.price, fill.lots, fill.fee, fill.rebate);
        let side = format!("{:?}", fill.side).to_lowercase();
        csv.push_str(&format!(
            "{sequence},{time},{account},{market},{order},{side},{maker},{price},{lots},{fee},{rebate}\n"
        ));
    }
    Ok(attachment::csv(&format!("fills-{number}.csv"), csv))
}

/// The fields of every type of line, in their order.
const HISTORY_COLUMNS: [&str; 18] = [
    "sequence",
    "time",
    "type",
    "market",
    "order",
    "client",
    "side",
    "maker",
    "price",
    "lots",
    "fee",
    "rebate",
    "filled",
    "remaining",
    "reason",
    "asset",
    "amount",
    "account",
];

async fn history_csv(State(api): State<Api>, Named(number): Named<u32>) -> Result<Response, ApiError> {
    let account = id(number)?;
    let lines: Vec<HistoryLine> =
        look(&api, |model| model.history.of(account).map(|entry| history_line(account, entry)).collect())?;
    let mut csv = HISTORY_COLUMNS.join(",");
    for line in &lines {
        // Our own words are numbers, hexadecimal digits and names without a comma.
        let line = serde_json::to_value(line).unwrap_or_default();
        let cells = HISTORY_COLUMNS.map(|column| match line.get(column) {
            None | Some(Value::Null) if column == "account" => number.to_string(),
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        csv.push('\n');
        csv.push_str(&cells.join(","));
    }
    csv.push('\n');
    Ok(attachment::csv(&format!("history-{number}.csv"), csv))
}
