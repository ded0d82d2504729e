//! Markets: what everybody may know.

use axum::Json;
use axum::extract::State;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Deserialize;

use ashlar_types::MarketId;

use super::endpoint::{Endpoint, Example, Method, Shape};
use super::extract::{Named, Query};
use super::state::Api;
use crate::limits::{BOOK_LEVELS_MAX, CANDLES_MAX, TRADES_MAX};
use crate::live::{book_view, candle_view, ticker_view, trade_view};
use crate::model::{MarketModel, Model};
use crate::schema::{
    ApiError, AssetView, BookView, CandleView, Code, Decimal, Hex, Interval, MarketView, PublicTrade, TickerView,
    VenueView,
};

const fn row(path: &'static str, summary: &'static str, answer: Shape, example: &'static str) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path,
        tag: "markets",
        summary,
        query: None,
        body: None,
        answer,
        example: Example::get(example),
        route: || get(venue),
    }
}

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        route: || get(venue),
        ..row(
            "/v1/venue",
            "The exchange: its id, which is in whatever is signed, and how far it is.",
            Shape::json::<VenueView>(),
            "/v1/venue",
        )
    },
    Endpoint {
        route: || get(assets),
        ..row("/v1/assets", "Every asset listed.", Shape::json::<Vec<AssetView>>(), "/v1/assets")
    },
    Endpoint {
        route: || get(markets),
        ..row("/v1/markets", "Every market listed.", Shape::json::<Vec<MarketView>>(), "/v1/markets")
    },
    Endpoint {
        route: || get(market),
        ..row("/v1/markets/{market}", "One market.", Shape::json::<MarketView>(), "/v1/markets/0")
    },
    Endpoint {
        query: Some(Shape::json::<BookQuery>()),
        route: || get(book),
        ..row(
            "/v1/markets/{market}/book",
            "The book of a market, as its stream showed it last.",
            Shape::json::<BookView>(),
            "/v1/markets/0/book?levels=5",
        )
    },
    Endpoint {
        query: Some(Shape::json::<TradesQuery>()),
        route: || get(trades),
        ..row(
            "/v1/markets/{market}/trades",
            "The last trades of a market, latest first.",
            Shape::json::<Vec<PublicTrade>>(),
            "/v1/markets/0/trades?limit=10",
        )
    },
    Endpoint {
        query: Some(Shape::json::<CandlesQuery>()),
        route: || get(candles),
        ..row(
            "/v1/markets/{market}/candles",
            "Candles of a market, latest first.",
            Shape::json::<Vec<CandleView>>(),
            "/v1/markets/0/candles?interval=1m&limit=10",
        )
    },
    Endpoint {
        route: || get(ticker),
        ..row(
            "/v1/markets/{market}/ticker",
            "A market at a glance.",
            Shape::json::<TickerView>(),
            "/v1/markets/0/ticker",
        )
    },
    Endpoint {
        route: || get(tickers),
        ..row("/v1/tickers", "Every market at a glance.", Shape::json::<Vec<TickerView>>(), "/v1/tickers")
    },
];

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BookQuery {
    /// Levels of each side, 1 to 500; 50 if absent.
    levels: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TradesQuery {
    /// How many, 1 to 1000; 100 if absent.
    limit: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CandlesQuery {
    /// How long each is.
    interval: Interval,
    /// How many, 1 to 1500; 100 if absent.
    limit: Option<usize>,
}

/// A count within its bounds.
pub(super) fn bounded(field: &str, asked: Option<usize>, usual: usize, most: usize) -> Result<usize, ApiError> {
    let count = asked.unwrap_or(usual);
    if (1..=most).contains(&count) { Ok(count) } else { Err(ApiError::range(field, count)) }
}

/// Looks at what is kept.
pub(super) fn look<T>(api: &Api, look: impl FnOnce(&Model) -> T) -> Result<T, ApiError> {
    let kept = api.follower().look(look);
    kept.ok_or_else(|| ApiError::new(Code::Unavailable, "the exchange is not followed yet; ask again in a moment"))
}

/// Looks at one market.
fn look_at<T>(api: &Api, number: u16, with: impl FnOnce(&Model, &MarketModel) -> T) -> Result<T, ApiError> {
    let id = MarketId::new(number).ok_or_else(|| ApiError::not_found("market", number))?;
    let seen = look(api, |model| model.markets.get(&id).map(|market| with(model, market)))?;
    seen.ok_or_else(|| ApiError::not_found("market", number))
}

async fn venue(State(api): State<Api>) -> Json<VenueView> {
    let venue = api.venue();
    let (next, time) = api.follower().look(|model| (model.next.get(), model.time.get())).unwrap_or_default();
    Json(VenueView {
        exchange: Hex::of(&venue.deployment.exchange_id().0),
        chain_id: Decimal(venue.deployment.chain_id),
        settlement: Hex::of(&venue.deployment.settlement.0),
        sequencer_key: Hex::of(&venue.sequencer_key),
        proofs: venue.proofs.clone(),
        mode: venue.mode.clone(),
        version: venue.version.clone(),
        next: Decimal(next),
        time,
    })
}

async fn assets(State(api): State<Api>) -> Result<Json<Vec<AssetView>>, ApiError> {
    let venue = api.venue();
    look(&api, |model| Json(model.assets.iter().map(|asset| AssetView::of(asset, venue)).collect()))
}

async fn markets(State(api): State<Api>) -> Result<Json<Vec<MarketView>>, ApiError> {
    let venue = api.venue();
    look(&api, |model| Json(model.markets.values().map(|market| MarketView::of(&market.facts, venue)).collect()))
}

async fn market(State(api): State<Api>, Named(number): Named<u16>) -> Result<Json<MarketView>, ApiError> {
    look_at(&api, number, |_, market| Json(MarketView::of(&market.facts, api.venue())))
}

async fn book(
    State(api): State<Api>,
    Named(number): Named<u16>,
    Query(query): Query<BookQuery>,
) -> Result<Json<BookView>, ApiError> {
    let levels = bounded("levels", query.levels, 50, BOOK_LEVELS_MAX)?;
    let id = MarketId::new(number).ok_or_else(|| ApiError::not_found("market", number))?;
    let shown = api.follower().hub().shown(id).cloned();
    shown.map(|shown| Json(book_view(id, &shown, levels))).ok_or_else(|| ApiError::not_found("market", number))
}

async fn trades(
    State(api): State<Api>,
    Named(number): Named<u16>,
    Query(query): Query<TradesQuery>,
) -> Result<Json<Vec<PublicTrade>>, ApiError> {
    let limit = bounded("limit", query.limit, 100, TRADES_MAX)?;
    look_at(&api, number, |_, market| Json(market.trades.iter().rev().take(limit).map(trade_view).collect()))
}

async fn candles(
    State(api): State<Api>,
    Named(number): Named<u16>,
    Query(query): Query<CandlesQuery>,
) -> Result<Json<Vec<CandleView>>, ApiError> {
    let limit = bounded("limit", query.limit, 100, CANDLES_MAX)?;
    look_at(&api, number, |_, market| {
        Json(market.candles.of(query.interval).iter().rev().take(limit).map(candle_view).collect())
    })
}

async fn ticker(State(api): State<Api>, Named(number): Named<u16>) -> Result<Json<TickerView>, ApiError> {
    look_at(&api, number, |model, market| Json(ticker_view(market, model.time)))
}

async fn tickers(State(api): State<Api>) -> Result<Json<Vec<TickerView>>, ApiError> {
    look(&api, |model| Json(model.markets.values().map(|market| ticker_view(market, model.time)).collect()))
}
