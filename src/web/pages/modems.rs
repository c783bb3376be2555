//! Modems: the devices, how they are, and what an admin may ask of one.
//!
//! A request becomes an order that the modem's own task carries out; its answer stands on the page
//! when it has come. The console is guarded by the driver itself and takes an admin who is signed in
//! with a browser, never a token.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use super::chart::Spark;
use super::form::{Field, Form, Posted};
use super::strip::state_words;
use super::words::{ago, when};
use super::{Done, Frame, again};
use crate::bus::Change;
use crate::store::{Line, Modem, NewOrder, OrderKind, OrderRow, OrderState, Reading};
use crate::types::{Millis, ModemId, UnixTime};
use crate::web::App;
use crate::web::api::modems as api;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Query};

#[derive(Template)]
#[template(path = "modem_list.html", config = "src/web/askama.toml")]
struct ModemsPage {
    frame: Frame,
    modems: Vec<Device>,
}

/// A modem as the list shows it.
struct Device {
    id: ModemId,
    name: String,
    line: String,
    state: String,
    tone: &'static str,
    operator: String,
    signal: String,
    storage: String,
    note: String,
    seen: String,
}

impl Device {
    fn new(modem: &Modem, lines: &[Line], now: UnixTime) -> Self {
        let line = lines.iter().find(|line| Some(line.id) == modem.line);
        let ready = modem.state == "ready" && modem.note.is_none();
        Self {
            id: modem.id,
            name: modem.model.clone().unwrap_or_else(|| "Modem".to_owned()),
            line: line.map_or(String::new(), |line| line.name.clone()),
            state: state_words(&modem.state).to_owned(),
            tone: if ready { "good" } else { "warn" },
            operator: match (&modem.operator, &modem.registration) {
                (Some(operator), Some(how)) => format!("{operator}, {}", how.replace('-', " ")),
                (Some(one), None) | (None, Some(one)) => one.clone(),
                (None, None) => String::new(),
            },
            signal: match (modem.bars, modem.signal_dbm) {
                (Some(bars), Some(dbm)) => format!("{bars} of 5, {dbm} dBm"),
                (Some(bars), None) => format!("{bars} of 5"),
                _ => String::new(),
            },
            storage: modem.storage.as_ref().map_or(String::new(), |(name, used, total)| {
                format!("{used} of {total} used ({name})")
            }),
            note: modem.note.clone().unwrap_or_default(),
            seen: ago(now.since(modem.last_seen_at)),
        }
    }
}

/// Every modem ever seen.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    let now = app.now();
    let (modems, lines) = app.store.read(|tx| Ok((tx.modems()?, tx.lines()?))).await?;
    let page = ModemsPage {
        modems: modems.iter().map(|modem| Device::new(modem, &lines, now)).collect(),
        frame: Frame::of(&app, &caller, "Modems", "/modems", "modems").await?,
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "modem_page.html", config = "src/web/askama.toml")]
struct ModemPage {
    frame: Frame,
    device: Device,
    facts: Vec<(&'static str, String)>,
    signal: Option<Spark>,
    recoveries: Vec<String>,
    ussd: Form,
    console: Form,
    orders: Vec<Order>,
    done: Option<&'static str>,
}

/// What was asked of a modem, and what came of it.
struct Order {
    at: String,
    what: String,
    state: &'static str,
    tone: &'static str,
    answer: String,
}

impl Order {
    fn new(order: OrderRow, zone: &jiff::tz::TimeZone) -> Self {
        let (state, tone) = match order.state {
            OrderState::Waiting => ("waiting", "warn"),
            OrderState::Taken => ("under way", "warn"),
            OrderState::Done => ("done", "good"),
            OrderState::Failed => ("failed", "bad"),
        };
        Self {
            at: when(order.created_at, zone),
            what: match order.kind {
                OrderKind::Ussd => format!("Dialled {}", order.argument),
                OrderKind::Console => order.argument,
                OrderKind::Restart => "Restart".to_owned(),
            },
            state,
            tone,
            answer: order.answer.unwrap_or_default(),
        }
    }
}

/// One modem.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ModemId>,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, WebError> {
    let done = match done.as_deref() {
        Some("asked") => Some("Asked. The answer appears below when it has come."),
        _ => None,
    };
    Ok(Html(one(&app, &caller, id, done, |form| form).await?))
}

async fn one(
    app: &App,
    caller: &Caller,
    id: ModemId,
    done: Option<&'static str>,
    with: impl Fn(Form) -> Form,
) -> Result<String, WebError> {
    let now = app.now();
    let since = now.before(Millis::from_secs(7 * 24 * 3_600));
    let found = app.store.read(move |tx| {
        let Some(modem) = tx.modem(id)? else { return Ok(None) };
        let (lines, history) = (tx.lines()?, tx.modem_history(id, since)?);
        Ok(Some((modem, lines, history, tx.orders_of(id, 10)?)))
    });
    let (modem, lines, history, orders) = found.await?.ok_or_else(WebError::not_found)?;
    let zone = &app.settings.time_zone;
    let device = Device::new(&modem, &lines, now);
    let facts = [
        ("Maker", modem.maker.clone()),
        ("Firmware", modem.firmware.clone()),
        ("IMEI", modem.imei.clone()),
        ("Port", modem.port.clone()),
        ("Family", modem.profile.clone()),
    ];
    let recovered = history.iter().filter(|reading| reading.dbm.is_none());
    let page = ModemPage {
        frame: Frame::of(app, caller, device.name.as_str(), "/modems", "modems").await?,
        facts: facts.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect(),
        signal: spark(&history, since, now),
        recoveries: recovered.map(|reading| when(reading.at, zone)).collect(),
        ussd: with(Form::new("ussd", format!("/modems/{id}/ussd"), "Dial").field(
            Field::line("code", "Code", "").hint("Such as *100# for the credit.").required(),
        )),
        console: with(
            Form::new("console", format!("/modems/{id}/console"), "Ask").field(
                Field::line("command", "AT command", "")
                    .hint("What could lock the SIM, change the firmware or lose texts is refused.")
                    .required(),
            ),
        ),
        device,
        orders: orders.into_iter().map(|order| Order::new(order, zone)).collect(),
        done,
    };
    Ok(page.render()?)
}

/// The signal of the last days, where there is more than one reading.
fn spark(history: &[Reading], since: UnixTime, now: UnixTime) -> Option<Spark> {
    let points: Vec<(i64, i64)> = history
        .iter()
        .filter_map(|reading| Some((reading.at.0, i64::from(reading.dbm?))))
        .collect();
    let worst = points.iter().map(|(_, dbm)| *dbm).min()?;
    let best = points.iter().map(|(_, dbm)| *dbm).max()?;
    let label = format!("Signal of the last seven days, between {worst} and {best} dBm");
    (points.len() > 1).then(|| Spark::new(label, &points, (since.0, now.0), (-113, -51)))
}

/// Dials a code.
pub(in crate::web) async fn ussd(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ModemId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let asked = Body::of(json!({ "code": posted.get("code") }))?;
    let placed = api::ussd(State(app.clone()), caller.clone(), Id(id), asked).await;
    answered(&app, &caller, id, &posted, "code", placed.map(|_| ())).await
}

/// Restarts it.
pub(in crate::web) async fn restart(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ModemId>,
) -> Result<Response, WebError> {
    api::restart(State(app.clone()), caller, Id(id)).await.map(drop)?;
    Ok(Redirect::to(&format!("/modems/{id}?done=asked#orders")).into_response())
}

/// One AT command of an admin's own.
pub(in crate::web) async fn console(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ModemId>,
    posted: Posted,
) -> Result<Response, WebError> {
    if caller.signed_in().is_err() {
        let detail = "The console takes an admin's own browser, no token.";
        return Err(WebError::new(Code::Forbidden, detail));
    }
    let command = posted.get("command").to_owned();
    let fine =
        (1..=200).contains(&command.len()) && command.bytes().all(|b| (32..127).contains(&b));
    let placed = match fine {
        false => Err(WebError::new(Code::FieldInvalid, "command is one line such as AT+CSQ.")),
        true => {
            let (author, acting) = (caller.author(), caller.clone());
            change(&app, move |tx, now| {
                tx.modem(id)?.ok_or_else(WebError::not_found)?;
                let (kind, author) = (OrderKind::Console, Some(author));
                let order = NewOrder { modem: id, kind, argument: command, author };
                let placed = tx.place_order(&order, now)?;
                audit(tx, &acting, "modem.console", id, json!({ "order": placed.0 }), now)
            })
            .await
        }
    };
    if placed.is_ok() {
        app.bus.ring(Change::Orders);
    }
    answered(&app, &caller, id, &posted, "command", placed).await
}

async fn answered(
    app: &App,
    caller: &Caller,
    id: ModemId,
    posted: &Posted,
    field: &str,
    placed: Result<(), WebError>,
) -> Result<Response, WebError> {
    match placed {
        Ok(()) => Ok(Redirect::to(&format!("/modems/{id}?done=asked#orders")).into_response()),
        Err(refusal) => {
            let with = |form: Form| match form.has(field) {
                true => form.refused(posted, &refusal),
                false => form,
            };
            let html = one(app, caller, id, None, with).await?;
            again(refusal, html)
        }
    }
}
