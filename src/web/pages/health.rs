//! Health: is everything in order, and what is to be done where it is not. Programs ask `/healthz`.

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::Frame;
use super::strip::state_words;
use super::words;
use crate::store::Panicked;
use crate::types::{Millis, UnixTime};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::health::{BUILT_AFTER, free_bytes};

#[derive(Template)]
#[template(path = "health.html", config = "src/web/askama.toml")]
struct HealthPage {
    frame: Frame,
    parts: Vec<Part>,
    version: &'static str,
    certificate: Option<String>,
}

/// One part of the gateway.
struct Part {
    name: String,
    verdict: &'static str,
    tone: &'static str,
    words: String,
}

impl Part {
    fn new(name: impl Into<String>, fine: bool, words: impl Into<String>) -> Self {
        let (verdict, tone) = if fine { ("in order", "good") } else { ("look here", "warn") };
        Self { name: name.into(), verdict, tone, words: words.into() }
    }
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    let read = app
        .store
        .read(|tx| Ok((tx.modems()?, tx.lines()?, tx.waiting_for_people()?, tx.panics()?)));
    let (modems, lines, waiting, panics) = read.await?;
    let own = caller.line();
    let mut parts = Vec::new();
    for modem in modems.iter().filter(|modem| own.is_none_or(|own| modem.line == Some(own))) {
        let line = lines.iter().find(|line| Some(line.id) == modem.line);
        let name = line.map_or("Modem", |line| line.name.as_str());
        let fine = modem.state == "ready" && modem.note.is_none();
        let words = modem.note.clone().unwrap_or_else(|| state_words(&modem.state).to_owned());
        parts.push(Part::new(name, fine, words));
    }
    if parts.is_empty() {
        let words =
            "No modem is there. Plug one in; `simgate doctor` says what this computer sees.";
        parts.push(Part::new("Modems", false, words));
    }
    parts.push(disk(&app));
    parts.push(clock(app.now()));
    parts.extend(mistakes(&app, &panics));
    parts.push(match waiting {
        0 => Part::new("Decisions", true, "No text waits for anybody."),
        1 => Part::new("Decisions", false, "One text waits for a person: see the queue."),
        n => Part::new("Decisions", false, format!("{n} texts wait for a person: see the queue.")),
    });
    let page = HealthPage {
        frame: Frame::of(&app, &caller, "Health", "/health", "health").await?,
        parts,
        version: env!("CARGO_PKG_VERSION"),
        certificate: app.settings.self_signed.clone(),
    };
    Ok(Html(page.render()?))
}

fn disk(app: &App) -> Part {
    let needed = app.settings.room_needed;
    match free_bytes(app.store.path()) {
        Some(free) if free < needed => Part::new(
            "Disk",
            false,
            format!("{} free: no new text is taken until there is room.", bytes(free)),
        ),
        Some(free) => Part::new("Disk", free >= needed * 4, format!("{} free.", bytes(free))),
        None => Part::new("Disk", true, "Its room cannot be told."),
    }
}

fn clock(now: UnixTime) -> Part {
    match now < BUILT_AFTER {
        true => Part::new(
            "Clock",
            false,
            "The clock is not set: rules that depend on the time wait until it is.",
        ),
        false => Part::new("Clock", true, "The clock is set."),
    }
}

/// What failed within a day and was started anew. Nothing is said of a gateway that does not fail.
fn mistakes(app: &App, panics: &[Panicked]) -> Option<Part> {
    let latest = panics.first().filter(|latest| app.now().since(latest.last_at) < DAY)?;
    let words = format!(
        "A part of it ({}) failed, last on {}, and was started anew. Please report it, with the \
         gateway's log.",
        latest.task,
        words::when(latest.last_at, &app.settings.time_zone),
    );
    Some(Part::new("Gateway", false, words))
}

const DAY: Millis = Millis::from_secs(24 * 3_600);

fn bytes(count: u64) -> String {
    match count / (1024 * 1024) {
        mib @ 0..=9_999 => format!("{mib} MiB"),
        mib => format!("{} GiB", mib / 1024),
    }
}
