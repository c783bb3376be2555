//! Modems: the devices, and what a person may ask of one. A request becomes an order that the
//! modem's own task carries out, so every button press stays readable afterwards.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{List, stamp};
use crate::bus::Change;
use crate::store::{self, NewOrder, OrderId, OrderKind, OrderRow};
use crate::types::ModemId;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id};

/// A device and what it said last.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Modem {
    id: String,
    imei: Option<String>,
    port: Option<String>,
    profile: Option<String>,
    maker: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    /// The line whose SIM is in it.
    line: Option<String>,
    state: String,
    operator: Option<String>,
    registration: Option<String>,
    signal_dbm: Option<i16>,
    /// 0 to 5.
    bars: Option<u8>,
    storage: Option<Storage>,
    /// What a person should know.
    note: Option<String>,
    last_seen_at: String,
}

/// The fullest message storage of a modem.
#[derive(Debug, Serialize, ToSchema)]
struct Storage {
    name: String,
    used: u16,
    total: u16,
}

impl From<store::Modem> for Modem {
    fn from(modem: store::Modem) -> Self {
        Self {
            id: modem.id.to_string(),
            imei: modem.imei,
            port: modem.port,
            profile: modem.profile,
            maker: modem.maker,
            model: modem.model,
            firmware: modem.firmware,
            line: modem.line.map(|line| line.to_string()),
            state: modem.state,
            operator: modem.operator,
            registration: modem.registration,
            signal_dbm: modem.signal_dbm,
            bars: modem.bars,
            storage: modem.storage.map(|(name, used, total)| Storage { name, used, total }),
            note: modem.note,
            last_seen_at: stamp(modem.last_seen_at),
        }
    }
}

/// Every modem ever seen.
#[utoipa::path(get, path = "/api/v1/modems", tag = "modems", responses((status = 200, body = List<Modem>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<List<Modem>>, WebError> {
    let modems = app.store.read(|tx| tx.modems()).await?;
    let seen = modems.into_iter().filter(|modem| match (caller.line(), modem.line) {
        (Some(own), line) => line == Some(own),
        (None, _) => true,
    });
    Ok(Json(List::whole(seen.map(Modem::from).collect())))
}

/// A code for the network's own menu, such as `*100#`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Ussd {
    code: String,
}

/// An order that was taken down.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Order {
    id: String,
    modem: String,
    /// `ussd`, `restart` or `console`.
    kind: &'static str,
    /// `waiting`, `taken`, `done` or `failed`.
    state: &'static str,
    /// What the network or the modem said, or why it failed.
    answer: Option<String>,
    created_at: String,
    finished_at: Option<String>,
}

impl From<OrderRow> for Order {
    fn from(order: OrderRow) -> Self {
        Self {
            id: order.id.to_string(),
            modem: order.modem.to_string(),
            kind: order.kind.as_str(),
            state: order.state.as_str(),
            answer: order.answer,
            created_at: stamp(order.created_at),
            finished_at: order.finished_at.map(stamp),
        }
    }
}

/// What became of an order.
#[utoipa::path(get, path = "/api/v1/orders/{id}", tag = "modems", params(("id" = String, Path)),
    responses((status = 200, body = Order), (status = 404, description = "not_found")))]
pub(in crate::web) async fn order(
    State(app): State<App>,
    Id(id): Id<OrderId>,
) -> Result<Json<Order>, WebError> {
    let found = app.store.read(move |tx| tx.order(id)).await?;
    Ok(Json(found.ok_or_else(WebError::not_found)?.into()))
}

/// Dials a USSD code on a modem.
#[utoipa::path(post, path = "/api/v1/modems/{id}/ussd", tag = "modems", params(("id" = String, Path)),
    request_body = Ussd, responses((status = 202, body = Order)))]
pub(in crate::web) async fn ussd(
    State(app): State<App>,
    caller: Caller,
    Id(modem): Id<ModemId>,
    Body(Ussd { code }): Body<Ussd>,
) -> Result<(StatusCode, Json<Order>), WebError> {
    // 22.090: what a handset can dial. Quotes and line ends never reach a command line.
    let dialable = (1..=160).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#' | b'+'));
    if !dialable {
        let detail = "A USSD code is made of digits, * and #, such as *100#.";
        return Err(WebError::new(Code::FieldInvalid, detail));
    }
    place(&app, caller, modem, OrderKind::Ussd, code).await
}

/// Restarts a modem.
#[utoipa::path(post, path = "/api/v1/modems/{id}/restart", tag = "modems", params(("id" = String, Path)),
    responses((status = 202, body = Order)))]
pub(in crate::web) async fn restart(
    State(app): State<App>,
    caller: Caller,
    Id(modem): Id<ModemId>,
) -> Result<(StatusCode, Json<Order>), WebError> {
    place(&app, caller, modem, OrderKind::Restart, String::new()).await
}

async fn place(
    app: &App,
    caller: Caller,
    modem: ModemId,
    kind: OrderKind,
    argument: String,
) -> Result<(StatusCode, Json<Order>), WebError> {
    let (now, author) = (app.now(), caller.author());
    let taken = app.store.write(move |tx| {
        if tx.modem(modem)?.is_none() {
            return Ok(None);
        }
        let id = tx.place_order(&NewOrder { modem, kind, argument, author: Some(author) }, now)?;
        tx.order(id)
    });
    let order = taken.await?.ok_or_else(WebError::not_found)?;
    app.bus.ring(Change::Orders);
    Ok((StatusCode::ACCEPTED, Json(order.into())))
}
