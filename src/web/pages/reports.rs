//! Reports: what was sent and received, by line, by person and by day (S137).
//!
//! Figures stand in tables; the picture only repeats them. The same rows come as CSV.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, Response};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::Frame;
use super::chart::Bars;
use crate::store::{LineId, Traffic, TrafficQuery, UserId};
use crate::types::{Millis, UnixTime};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::Query;
use crate::web::sheet::Sheet;

/// Which report.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::web) struct Asked {
    from: String,
    to: String,
    line: String,
    user: String,
}

#[derive(Template)]
#[template(path = "reports.html", config = "src/web/askama.toml")]
struct ReportsPage {
    frame: Frame,
    from: String,
    to: String,
    /// `(id, name, chosen)`
    lines: Vec<(String, String, bool)>,
    users: Vec<(String, String, bool)>,
    total: Row,
    by_line: Vec<Row>,
    by_user: Vec<Row>,
    /// Days on which something was sent or received.
    by_day: Vec<Row>,
    bars: Bars,
    csv: String,
}

/// One row of figures.
struct Row {
    name: String,
    traffic: Traffic,
    /// Half of those who wrote waited no longer.
    response: String,
}

impl Row {
    fn nothing(&self) -> bool {
        self.traffic == Traffic::default()
    }
}

/// A report's rows, as the page and the file show them.
struct Report {
    from: Date,
    to: Date,
    lines: Vec<(String, String, bool)>,
    users: Vec<(String, String, bool)>,
    total: Row,
    by_line: Vec<Row>,
    by_user: Vec<Row>,
    by_day: Vec<Row>,
}

/// The middle of the waits, in words.
fn median(waits: &[Millis]) -> String {
    let Some(middle) = waits.get(waits.len() / 2) else { return String::new() };
    match middle.0 / 1_000 {
        seconds @ 0..=59 => format!("{seconds} s"),
        seconds @ 60..=3_599 => format!("{} min", seconds / 60),
        seconds @ 3_600..=86_399 => {
            format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60)
        }
        seconds => format!("{} days", seconds / 86_400),
    }
}

async fn report(app: &App, caller: &Caller, asked: &Asked) -> Result<Report, WebError> {
    let zone = app.settings.time_zone.clone();
    let now = Timestamp::from_millisecond(app.now().0).map_err(WebError::internal)?;
    let today = now.to_zoned(zone.clone()).date();
    let day = |text: &str, usual: Date| match text.is_empty() {
        true => Ok(usual),
        false => text.parse::<Date>().map_err(|_| wrong("Write the days as 2026-11-21.")),
    };
    let to = day(&asked.to, today)?;
    let from = day(&asked.from, to.checked_sub(29.days()).map_err(|_| wrong("Too early."))?)?;
    let days = from.until(to).map_err(|_| wrong("Too far apart."))?.get_days() + 1;
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(wrong("Choose 1 to 366 days, the first before the last."));
    }
    let start = |date: Date| -> Result<UnixTime, WebError> {
        let zoned = date.to_zoned(zone.clone()).map_err(|_| wrong("There is no such day."))?;
        Ok(UnixTime(zoned.timestamp().as_millisecond()))
    };
    let mut starts = vec![(from, start(from)?)];
    for _ in 0..days {
        let (last, _) = starts[starts.len() - 1];
        let next = last.tomorrow().map_err(|_| wrong("Too late."))?;
        starts.push((next, start(next)?));
    }
    let chosen_line = match asked.line.as_str() {
        "" => caller.line(),
        text => Some(text.parse().map(LineId).map_err(|_| wrong("There is no such line."))?),
    };
    if let Some(line) = chosen_line {
        caller.sees(line)?;
    }
    let chosen_user = match asked.user.as_str() {
        "" => None,
        text => Some(text.parse().map(UserId).map_err(|_| wrong("There is no such person."))?),
    };
    let own = caller.line();
    let read = app.store.read(move |tx| {
        let whole = TrafficQuery {
            from: starts[0].1,
            to: starts[starts.len() - 1].1,
            line: chosen_line,
            user: chosen_user,
        };
        let row = |name: String, query: &TrafficQuery, with_waits: bool| {
            let waits = if with_waits { tx.first_responses(query)? } else { Vec::new() };
            Ok::<_, crate::store::StoreError>(Row {
                name,
                traffic: tx.traffic_in(query)?,
                response: median(&waits),
            })
        };
        let total = row("Together".to_owned(), &whole, true)?;
        let mut by_line = Vec::new();
        let mut lines = Vec::new();
        for line in tx.lines()?.into_iter().filter(|line| own.is_none_or(|own| own == line.id)) {
            let chosen = chosen_line == Some(line.id);
            if chosen_line.is_none() || chosen {
                let query = TrafficQuery { line: Some(line.id), ..whole };
                by_line.push(row(line.name.clone(), &query, true)?);
            }
            lines.push((line.id.to_string(), line.name, chosen));
        }
        let mut by_user = Vec::new();
        let mut users = Vec::new();
        for user in tx.users()? {
            let chosen = chosen_user == Some(user.id);
            if chosen_user.is_none() || chosen {
                let query = TrafficQuery { user: Some(user.id), ..whole };
                by_user.push(row(user.name(), &query, true)?);
            }
            users.push((user.id.to_string(), user.name(), chosen));
        }
        let mut by_day = Vec::new();
        for pair in starts.windows(2) {
            let query = TrafficQuery { from: pair[0].1, to: pair[1].1, ..whole };
            by_day.push(row(pair[0].0.to_string(), &query, false)?);
        }
        by_user.retain(|row| !row.nothing());
        Ok(Report { from, to, lines, users, total, by_line, by_user, by_day })
    });
    Ok(read.await?)
}

fn wrong(detail: &'static str) -> WebError {
    WebError::new(Code::TimeInvalid, detail)
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let report = report(&app, &caller, &asked).await?;
    let figures: Vec<(String, u64, u64)> = report
        .by_day
        .iter()
        .map(|row| {
            let Traffic { received, sent, .. } = row.traffic;
            (
                format!("{}: {received} received, {sent} sent", row.name),
                received.into(),
                sent.into(),
            )
        })
        .collect();
    let (from, to) = (report.from.to_string(), report.to.to_string());
    let csv = format!("/reports.csv?from={from}&to={to}&line={}&user={}", asked.line, asked.user);
    let page = ReportsPage {
        frame: Frame::of(&app, &caller, "Reports", "/reports", "reports").await?,
        bars: Bars::new(format!("Texts a day from {from} to {to}"), &figures),
        from,
        to,
        lines: report.lines,
        users: report.users,
        total: report.total,
        by_line: report.by_line,
        by_user: report.by_user,
        by_day: report.by_day.into_iter().filter(|row| !row.nothing()).collect(),
        csv,
    };
    Ok(Html(page.render()?))
}

/// The same rows as a file.
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, WebError> {
    let report = report(&app, &caller, &asked).await?;
    let mut sheet = Sheet::new(HEADINGS);
    let groups = [
        ("total", vec![&report.total]),
        ("line", report.by_line.iter().collect()),
        ("person", report.by_user.iter().collect()),
        ("day", report.by_day.iter().collect()),
    ];
    for (by, rows) in groups {
        for row in rows {
            let Traffic {
                received,
                segments_in,
                sent,
                segments_out,
                delivered,
                failed,
                recipients,
                opt_outs,
            } = row.traffic;
            let figure = |count: u32| count.to_string();
            sheet.row([
                by.to_owned(),
                row.name.clone(),
                figure(received),
                figure(segments_in),
                figure(sent),
                figure(segments_out),
                figure(delivered),
                figure(failed),
                figure(recipients),
                row.response.clone(),
                figure(opt_outs),
            ]);
        }
    }
    Ok(sheet.file("report.csv"))
}

const HEADINGS: &str = "by,name,received,segments_in,sent,segments_out,delivered,failed,\
    distinct_recipients,first_response,opt_outs";
const MOST_DAYS: i32 = 366;
