//! `/demo/phones`: the handsets of the emulated network, for a visitor who has no modem.
//!
//! Only `demo` mounts it. A text typed here travels through the emulated network into a modem's
//! storage, and one sent by the gateway appears here with what the network reports about it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;

use super::face::{Piece, linked};
use super::words::Moment;
use super::{Extent, Frame};
use crate::emulator::{Handset, HandsetText, Phone, Shared, World};
use crate::store::ContactQuery;
use crate::types::Number;
use crate::web::App;
use crate::web::assets::Addresses;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::Form;

#[derive(Template)]
#[template(path = "phones.html", config = "src/web/askama.toml")]
struct PhonesPage {
    frame: Frame,
    phones: Vec<Card>,
    /// A number that no handset has yet.
    free: String,
}

/// One handset.
#[derive(Template)]
#[template(path = "phone.html", config = "src/web/askama.toml")]
struct Card {
    assets: Addresses,
    id: String,
    number: String,
    /// Who plays on it: a customer's name, or a member of staff.
    who: String,
    on: bool,
    texts: Vec<Bubble>,
    /// Who can be written to: the gateway's SIMs.
    sims: Vec<Sim>,
}

/// A SIM of the gateway.
#[derive(Clone)]
struct Sim {
    number: String,
    operator: String,
    /// The one this handset heard from or wrote to last.
    last: bool,
}

/// A text on a handset's screen.
struct Bubble {
    outgoing: bool,
    other: String,
    text: String,
    clock: String,
    day: String,
    opens_day: bool,
    segments: usize,
    /// What the network told the sender, in words; a text of the handset's own has none.
    report: Option<&'static str>,
}

impl Bubble {
    fn pieces(&self) -> Vec<Piece> {
        linked(&self.text)
    }
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    let names = names(&app).await?;
    let (phones, free) =
        network(&app)?.with(|world| (cards(world, &names, &app), free_number(world)));
    let frame = Frame::of(&app, &caller, "Phones", "/demo/phones", "phones").await?;
    Ok(Html(PhonesPage { frame, phones, free }.render()?))
}

/// A new handset.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Added {
    number: String,
}

/// Adds a handset.
pub(in crate::web) async fn add(
    State(app): State<App>,
    Form(Added { number }): Form<Added>,
) -> Result<Redirect, WebError> {
    let number = Number::parse(&number, app.settings.country)?;
    network(&app)?.with(|world| {
        if world.handset(number.as_str()).is_none() {
            world.set_phone(Phone { number: number.as_str().to_owned(), ..Phone::default() });
        }
    });
    Ok(Redirect::to("/demo/phones"))
}

/// What a visitor does with a handset: write on it, or press its switch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Pressed {
    #[serde(default)]
    to: String,
    #[serde(default)]
    text: String,
    switch: Option<String>,
}

/// Types a text on a handset, or switches it.
pub(in crate::web) async fn press(
    State(app): State<App>,
    Path(number): Path<String>,
    headers: HeaderMap,
    Form(pressed): Form<Pressed>,
) -> Result<Response, WebError> {
    let text = pressed.text.replace("\r\n", "\n");
    if pressed.switch.is_none() && text.trim().is_empty() {
        return Err(WebError::new(Code::TextEmpty, "Write something to send."));
    }
    let names = names(&app).await?;
    let done = network(&app)?.with(|world| {
        let phone = world.handset(&number).map(|handset| handset.phone.clone());
        let Some(phone) = phone else { return Err(WebError::not_found()) };
        let number = phone.number.clone();
        match pressed.switch {
            Some(_) => world.set_phone(Phone { on: !phone.on, ..phone }),
            None => {
                let sent = world.text_from(&number, &pressed.to, &text);
                let refused = |error| WebError::new(Code::FieldInvalid, format!("{error}"));
                sent.map_err(refused)?;
            }
        }
        Ok(cards(world, &names, &app).into_iter().find(|card| card.number == number))
    });
    match (Extent::of(&headers), done?) {
        (Extent::Fragment, Some(card)) => Ok(Html(card.render()?).into_response()),
        (Extent::Fragment, None) => Ok(StatusCode::NO_CONTENT.into_response()),
        (Extent::Whole, _) => Ok(Redirect::to("/demo/phones").into_response()),
    }
}

/// Handsets as they change.
pub(in crate::web) async fn live(
    State(app): State<App>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    let world = network(&app)?.clone();
    let seen = world.with(|world| world.changes());
    let events = unfold((app, world, seen), |(app, world, seen)| async move {
        // The world has no waiting list; a look costs less than a microsecond.
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let now = world.with(|world| world.changes());
            if now != seen {
                // Without names for once rather than without texts.
                let names = names(&app).await.unwrap_or_default();
                let cards = world.with(|world| cards(world, &names, &app));
                let html: String = cards.iter().filter_map(|card| card.render().ok()).collect();
                let event = Event::default().event("fragment").data(html.replace('\r', ""));
                return Some((Ok(event), (app, world, now)));
            }
        }
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new()))
}

fn network(app: &App) -> Result<&Shared, WebError> {
    app.demo.as_ref().ok_or_else(WebError::not_found)
}

/// Who plays on which handset: staff with what they do, customers as the address book calls them.
type Names = BTreeMap<String, String>;

async fn names(app: &App) -> Result<Names, WebError> {
    let read = app.store.read(|tx| {
        let mut names = Names::new();
        for contact in tx.contacts(&ContactQuery { limit: 100, ..ContactQuery::default() })? {
            let numbers = contact.card.numbers.iter();
            names.extend(numbers.map(|n| (n.as_str().to_owned(), contact.name())));
        }
        for user in tx.users()? {
            let replies = !tx.lines_naming(user.id)?.is_empty();
            let what = if replies { "staff, gets the replies" } else { "staff" };
            let phone = user.profile.phone.as_ref().map(|phone| phone.as_str().to_owned());
            names.extend(phone.map(|phone| (phone, format!("{} ({what})", user.name()))));
        }
        Ok(names)
    });
    Ok(read.await?)
}

fn cards(world: &mut World, names: &Names, app: &App) -> Vec<Card> {
    let modems = world.modems();
    let facts = (0..modems).filter_map(|index| world.modem(index).ok());
    let sims: Vec<Sim> = facts
        .filter_map(|modem| {
            let number = modem.sim?.number;
            Some(Sim { number, operator: modem.operator, last: false })
        })
        .collect();
    world.handsets().map(|handset| Card::new(handset, &sims, names, app)).collect()
}

impl Card {
    fn new(handset: &Handset, sims: &[Sim], names: &Names, app: &App) -> Self {
        let number = handset.phone.number.clone();
        let last = handset.texts.last().map(|text| text.number.clone());
        let report = match handset.phone.report {
            None | Some(0) => "delivered, says the report",
            Some(_) => "not delivered, says the report",
        };
        let mut day = String::new();
        let bubble = |text: &HandsetText| {
            let moment = Moment::new(text.at, &app.settings.time_zone);
            let opens_day = day != moment.day;
            day.clone_from(&moment.day);
            Bubble {
                outgoing: text.outgoing,
                other: text.number.clone(),
                text: text.text.clone(),
                clock: moment.clock,
                day: moment.day,
                opens_day,
                segments: text.segments,
                report: (!text.outgoing).then_some(report),
            }
        };
        let sim = |sim: &Sim| Sim { last: last.as_deref() == Some(&sim.number), ..sim.clone() };
        Self {
            assets: Addresses,
            id: number.chars().filter(char::is_ascii_alphanumeric).collect(),
            who: names.get(&number).cloned().unwrap_or_default(),
            on: handset.phone.on,
            texts: handset.texts.iter().map(bubble).collect(),
            sims: sims.iter().map(sim).collect(),
            number,
        }
    }
}

/// The next number reserved for fiction that no handset has.
fn free_number(world: &World) -> String {
    let numbers = (200..1000).map(|n| format!("+447700900{n}"));
    let mut free = numbers.filter(|number| world.handset(number).is_none());
    free.next().unwrap_or_default()
}

const LOOK_EVERY: Duration = Duration::from_millis(200);
