//! What a line has used this month, of what it may; and the lines as a list to download (S52, S99,
//! D21).

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::stamp;
use crate::store::{LineId, StoreError};
use crate::types::UnixTime;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Id, Query};
use crate::web::sheet::Sheet;

/// One line's month.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Usage {
    line: String,
    /// A time within the month that is counted; months are UTC.
    at: String,
    /// Received, repeats not counted. They cost nothing.
    segments_in: u32,
    /// Taken by the network.
    segments_out: u32,
    /// Different numbers of those.
    recipients: u32,
    /// What those cost by the line's prices, in thousandths of the currency.
    money: u64,
    /// What it may use: `{segments_a_month: {warn, hold}, ...}`.
    #[schema(value_type = Object)]
    limits: Value,
}

/// Which month.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Month {
    /// A time within it (RFC 3339); now, without it.
    at: Option<String>,
}

/// What a line has used in a month.
#[utoipa::path(get, path = "/api/v1/lines/{id}/usage", tag = "lines", params(("id" = String, Path), Month),
    responses((status = 200, body = Usage), (status = 404, description = "not_found"),
        (status = 422, description = "time_invalid")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(line): Id<LineId>,
    Query(month): Query<Month>,
) -> Result<Json<Usage>, WebError> {
    caller.sees(line)?;
    let at = match month.at.as_deref() {
        None => app.now(),
        Some(at) => UnixTime::parse_rfc3339(at).ok_or_else(|| {
            WebError::new(Code::TimeInvalid, "Write it as 2026-11-21T09:30:00Z or with an offset.")
        })?,
    };
    let read = app.store.read(move |tx| Ok((tx.line_settings(line)?, tx.month_counts(line, at)?)));
    let (set, counts) = read.await?;
    let set = set.ok_or_else(WebError::not_found)?;
    Ok(Json(Usage {
        line: line.to_string(),
        at: stamp(at),
        segments_in: counts.segments_in,
        segments_out: counts.segments_out,
        recipients: counts.recipients,
        money: counts.money,
        limits: set.limits,
    }))
}

/// The lines as a file for spreadsheets and registration forms.
#[utoipa::path(get, path = "/api/v1/lines.csv", tag = "lines",
    responses((status = 200, description = "text/csv")))]
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
) -> Result<Response, WebError> {
    caller.every_line()?;
    let read = app.store.read(|tx| {
        let lines = tx.lines()?.into_iter();
        let with = |line: crate::store::Line| Ok((tx.line_settings(line.id)?, line));
        lines.map(with).collect::<Result<Vec<_>, StoreError>>()
    });
    let mut sheet = Sheet::new(HEADINGS);
    for (set, line) in read.await? {
        let Some(set) = set else { continue };
        let country = line.country.map(|country| country.as_str().to_owned()).unwrap_or_default();
        sheet.row([
            line.id.to_string(),
            line.name,
            line.number.unwrap_or_default(),
            country,
            line.operator.unwrap_or_default(),
            line.sms.as_str().to_owned(),
            set.registration.as_str().to_owned(),
            app.settings.organisation.clone(),
            set.help_contact,
            set.texts["opt_in"].as_str().unwrap_or_default().to_owned(),
            set.texts["opt_out"].as_str().unwrap_or_default().to_owned(),
        ]);
    }
    Ok(sheet.file("lines.csv"))
}

const HEADINGS: &str = "line,name,number,country,operator,sms,registration,organisation,help_contact,opt_in_text,opt_out_text";
