//! The emulator's control API: what a test does to emulated modems over HTTP.
//!
//! Requests come in and are carried out on the world at once; JSON goes out. There is no password,
//! so it belongs on the loopback interface. `docs/reference/emulator.md` has examples.

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::emulator::{
    ControlError, Faults, HandsetText, ModemChange, ModemFacts, Operator, OperatorScenario, Phone,
    Shared, Submitted,
};
use crate::sms;
use crate::types::Millis;

/// The control API over one world.
pub fn router(world: Shared) -> Router {
    Router::new()
        .route("/modems", get(modems))
        .route("/modems/{index}", patch(change).get(modem))
        .route("/modems/{index}/sms", post(deliver))
        .route("/modems/{index}/stored", get(stored))
        .route("/modems/{index}/submitted", get(submitted))
        .route("/modems/{index}/report", post(report))
        .route("/modems/{index}/faults", post(faults))
        .route("/modems/{index}/unplug", post(unplug))
        .route("/modems/{index}/plug", post(plug))
        .route("/modems/{index}/call", post(call).delete(hang_up))
        .route("/modems/{index}/ussd", post(ussd))
        .route("/modems/{index}/broadcast", post(broadcast))
        .route("/modems/{index}/say", post(say))
        .route("/modems/{index}/swap-sim", post(swap))
        .route("/network", get(network))
        .route("/phones/{number}", get(phone).post(write).patch(set_phone))
        .with_state(world)
}

type Answer = Result<Json<Value>, Refused>;

/// Why a request was not carried out.
struct Refused(ControlError);

impl From<ControlError> for Refused {
    fn from(error: ControlError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, code) = match &self.0 {
            ControlError::NoModem(_) => (StatusCode::NOT_FOUND, "modem_unknown"),
            ControlError::NoSim(_) => (StatusCode::CONFLICT, "no_sim"),
            ControlError::NoSubmit { .. } => (StatusCode::NOT_FOUND, "submit_unknown"),
            ControlError::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        };
        let body = json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.0.to_string(),
            "code": code,
        });
        let kind = [("content-type", "application/problem+json")];
        (status, kind, body.to_string()).into_response()
    }
}

fn done() -> Answer {
    Ok(Json(json!({})))
}

fn shown(modem: ModemFacts) -> Value {
    let storages: serde_json::Map<_, _> = modem
        .storages
        .iter()
        .map(|(name, used, size)| ((*name).to_owned(), json!({ "used": used, "size": size })))
        .collect();
    let sim = modem.sim.as_ref();
    json!({
        "index": modem.index,
        "link": modem.link,
        "pty": modem.pty,
        "profile": modem.profile,
        "imei": modem.imei,
        "iccid": sim.map(|sim| &sim.iccid),
        "imsi": sim.map(|sim| &sim.imsi),
        "number": sim.map(|sim| &sim.number),
        "pin_tries": sim.map(|sim| sim.tries.0),
        "puk_tries": sim.map(|sim| sim.tries.1),
        "plugged": modem.plugged,
        "signal": modem.signal,
        "registration": modem.registration,
        "operator": modem.operator,
        "credit": modem.credit,
        "storages": storages,
        "waiting": modem.waiting,
    })
}

async fn modems(State(world): State<Shared>) -> Answer {
    let all = world.with(|world| {
        (0..world.modems()).map(|i| world.modem(i).map(shown)).collect::<Result<Vec<_>, _>>()
    })?;
    Ok(Json(json!(all)))
}

async fn modem(State(world): State<Shared>, Path(index): Path<usize>) -> Answer {
    Ok(Json(shown(world.with(|world| world.modem(index))?)))
}

/// A text from somebody, or PDUs as they are.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Delivery {
    Text { from: String, text: String },
    Pdu { pdu: String },
    Pdus { pdus: Vec<String> },
}

async fn deliver(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(what): Json<Delivery>,
) -> Answer {
    let segments = world.with(|world| match what {
        Delivery::Text { from, text } => world.text_to(index, &from, &text),
        Delivery::Pdu { pdu } => world.pdu_to(index, &pdu).map(|()| 1),
        Delivery::Pdus { pdus } => {
            pdus.iter().try_for_each(|pdu| world.pdu_to(index, pdu)).map(|()| pdus.len())
        }
    })?;
    Ok(Json(json!({ "segments": segments })))
}

async fn stored(State(world): State<Shared>, Path(index): Path<usize>) -> Answer {
    let all = world.with(|world| world.stored(index))?;
    let item = |(storage, index, pdu)| json!({ "storage": storage, "index": index, "pdu": pdu });
    Ok(Json(all.into_iter().map(item).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn submitted(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Query(page): Query<After>,
) -> Answer {
    let all = world.with(|world| {
        world.modem(index).map(|_| world.submitted(index, page.after).map(told).collect::<Vec<_>>())
    })?;
    Ok(Json(json!(all)))
}

fn told(s: &Submitted) -> Value {
    json!({
        "seq": s.seq,
        "modem": s.modem,
        "mr": s.reference,
        "to": s.to,
        "text": s.text,
        "report": s.report,
        "at": s.at.to_string(),
        "tpdu": sms::to_hex(&s.tpdu),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    mr: u8,
    status: u8,
    #[serde(default)]
    delay_ms: u64,
}

async fn report(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(r): Json<Report>,
) -> Answer {
    world.with(|world| world.report(index, r.mr, r.status, Millis(r.delay_ms)))?;
    done()
}

async fn faults(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(plan): Json<Faults>,
) -> Answer {
    world.with(|world| world.set_faults(index, plan))?;
    done()
}

async fn unplug(State(world): State<Shared>, Path(index): Path<usize>) -> Answer {
    world.with(|world| world.pull(index))?;
    done()
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plug {
    link: Option<String>,
}

async fn plug(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    place: Option<Json<Plug>>,
) -> Answer {
    let link = place.and_then(|Json(place)| place.link);
    world.with(|world| world.put_back(index, link))?;
    done()
}

/// What `PATCH /modems/{i}` takes; what is not named stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    signal: Option<u8>,
    registration: Option<u8>,
    technology: Option<u8>,
    operator: Option<OperatorScenario>,
    sim: Option<bool>,
    pin: Option<String>,
    smsc: Option<String>,
    credit: Option<u32>,
}

async fn change(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(c): Json<Change>,
) -> Answer {
    let change = ModemChange {
        signal: c.signal,
        registration: c.registration,
        technology: c.technology,
        operator: c.operator.map(Operator::from),
        sim_inserted: c.sim,
        pin: c.pin,
        smsc: c.smsc,
        credit: c.credit.map(Some),
    };
    let modem = world.with(|world| {
        world.change(index, change)?;
        world.modem(index)
    })?;
    Ok(Json(shown(modem)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller {
    #[serde(default)]
    from: String,
}

async fn call(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(caller): Json<Caller>,
) -> Answer {
    let rings = world.with(|world| world.ring(index, &caller.from))?;
    Ok(Json(json!({ "rings": rings })))
}

async fn hang_up(State(world): State<Shared>, Path(index): Path<usize>) -> Answer {
    world.with(|world| world.hang_up(index))?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    text: String,
}

async fn ussd(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(words): Json<Words>,
) -> Answer {
    world.with(|world| world.ussd(index, &words.text))?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    /// 88 octets in hexadecimal.
    page: String,
}

async fn broadcast(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(page): Json<Page>,
) -> Answer {
    world.with(|world| world.cell_broadcast(index, &page.page))?;
    done()
}

async fn say(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(words): Json<Words>,
) -> Answer {
    world.with(|world| world.say(index, &words.text))?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    with: usize,
}

async fn swap(
    State(world): State<Shared>,
    Path(index): Path<usize>,
    Json(other): Json<Other>,
) -> Answer {
    world.with(|world| world.swap_sims(index, other.with))?;
    done()
}

/// Which `changes` the client knows of, and how long it waits for another number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    after: Option<u64>,
    #[serde(default)]
    wait_ms: u64,
}

async fn network(State(world): State<Shared>, Query(known): Query<Known>) -> Answer {
    if let Some(seen) = known.after {
        let patience = std::time::Duration::from_millis(known.wait_ms);
        // Whichever comes first: the answer says how things are then.
        let _ = tokio::time::timeout(patience, world.changed_after(seen)).await;
    }
    Ok(Json(world.with(|world| {
        let phones: Vec<_> = world.handsets().map(|h| h.phone.number.clone()).collect();
        let (time, changes) = (world.wall().to_string(), world.changes());
        let (submits, under_way) = (world.submits(), world.under_way());
        json!({
            "phones": phones, "time": time, "submits": submits, "under_way": under_way,
            "changes": changes,
        })
    })))
}

async fn phone(State(world): State<Shared>, Path(number): Path<String>) -> Answer {
    let found = world.with(|world| {
        let handset = world.handset(&number)?;
        let texts: Vec<_> = handset.texts.iter().map(text).collect();
        let phone = &handset.phone;
        let (number, report) = (&phone.number, phone.report);
        Some(json!({ "number": number, "on": phone.on, "report": report, "texts": texts }))
    });
    let nobody = || json!({ "number": number, "on": true, "report": null, "texts": [] });
    Ok(Json(found.unwrap_or_else(nobody)))
}

fn text(t: &HandsetText) -> Value {
    json!({
        "direction": if t.outgoing { "out" } else { "in" },
        "number": t.number,
        "text": t.text,
        "at": t.at.to_string(),
        "segments": t.segments,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    to: String,
    text: String,
}

async fn write(
    State(world): State<Shared>,
    Path(number): Path<String>,
    Json(typed): Json<Typed>,
) -> Answer {
    let segments = world.with(|world| world.text_from(&number, &typed.to, &typed.text))?;
    Ok(Json(json!({ "segments": segments })))
}

async fn set_phone(
    State(world): State<Shared>,
    Path(number): Path<String>,
    Json(phone): Json<Phone>,
) -> Answer {
    world.with(|world| world.set_phone(Phone { number, ..phone }));
    done()
}
