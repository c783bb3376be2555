//! What the command line asks beyond the API: the flight recorder and the console. These routes exist
//! on the Unix socket alone, so no token can reach them.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Gateway, Shared};
use crate::bus::Change;
use crate::io::capture::Masking;
use crate::store::{Author, AuthorKind, Modem, NewOrder, OrderId, OrderKind, OrderRow};
use crate::types::Millis;

/// A console command may take as long as the slowest of them, a network search.
const CONSOLE_WITHIN: Millis = Millis::from_secs(200);

/// The routes.
pub(super) fn router(gateway: &Gateway) -> Router {
    Router::new()
        .route("/local/trace", get(trace))
        .route("/local/console", post(console))
        .with_state(Arc::clone(&gateway.shared))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TraceQuery {
    modem: Option<String>,
    #[serde(default)]
    from: u64,
    #[serde(default)]
    numbers: bool,
}

/// `GET /local/trace?modem=&from=&numbers=`: lines of a recorder and where the next ones begin.
async fn trace(State(shared): State<Arc<Shared>>, Query(query): Query<TraceQuery>) -> Response {
    let Some((port, capture)) = shared.traces.called(query.modem.as_deref()) else {
        let ports = shared.traces.ports();
        return refuse("Say which modem", format!("There are {}.", ports.join(", ")));
    };
    let masking = if query.numbers { Masking::Shown } else { Masking::Masked };
    let (lines, next) = capture.lines(query.from, masking);
    Json(json!({ "port": port, "lines": lines, "next": next })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsoleRequest {
    port: String,
    command: String,
}

/// `POST /local/console`: one AT command, answered with the modem's lines.
async fn console(
    State(shared): State<Arc<Shared>>,
    Json(request): Json<ConsoleRequest>,
) -> Response {
    let placed = place(&shared, &request).await;
    let answered = match placed {
        Ok(Some(order)) => answer(&shared, order).await,
        Ok(None) => {
            return refuse(
                "No modem works on that port",
                format!("`simgate modems` lists them; {} is not among them.", request.port),
            );
        }
        Err(error) => Err(error),
    };
    match answered {
        Ok(Some(row)) => Json(json!({
            "state": row.state.as_str(),
            "lines": row.answer.unwrap_or_default().lines().collect::<Vec<_>>(),
        }))
        .into_response(),
        Ok(None) => refuse("The modem did not answer", "See `simgate trace`.".to_owned()),
        Err(error) => refuse("The store refused", error.to_string()),
    }
}

/// Writes the order down; `None` when no modem is meant by the word.
async fn place(shared: &Shared, request: &ConsoleRequest) -> crate::store::Result<Option<OrderId>> {
    let (word, argument) = (request.port.clone(), request.command.clone());
    let now = shared.clock.wall();
    let placed = shared.store.write(move |tx| {
        let meant = |modem: &Modem| {
            [Some(modem.id.to_string()), modem.port.clone(), modem.imei.clone()]
                .contains(&Some(word.clone()))
                && modem.state != "closed"
        };
        let Some(modem) = tx.modems()?.into_iter().find(meant) else { return Ok(None) };
        let author = Some(Author { kind: AuthorKind::System, id: None });
        let order = NewOrder { modem: modem.id, kind: OrderKind::Console, argument, author };
        tx.place_order(&order, now).map(Some)
    });
    let placed = placed.await?;
    shared.bus.ring(Change::Orders);
    Ok(placed)
}

/// Waits for the order to be over; `None` when it takes too long.
async fn answer(shared: &Shared, order: OrderId) -> crate::store::Result<Option<OrderRow>> {
    let give_up = shared.clock.now() + CONSOLE_WITHIN;
    loop {
        let rung = shared.bus.orders_rung();
        let row = shared.store.read(move |tx| tx.order(order)).await?;
        if let Some(row) = row.filter(|row| row.finished_at.is_some()) {
            return Ok(Some(row));
        }
        tokio::select! {
            () = rung => {}
            () = shared.clock.sleep(Millis(500)) => {}
            () = shared.clock.sleep_until(Some(give_up)) => return Ok(None),
        }
    }
}

/// A problem document; the router's own are not reachable from here.
fn refuse(title: &str, detail: String) -> Response {
    let status = StatusCode::CONFLICT;
    let problem: Value = json!({ "title": title, "status": status.as_u16(), "detail": detail });
    (status, Json(problem)).into_response()
}
