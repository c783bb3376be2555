//! Lines: the SIM cards we know.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::List;
use crate::store;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::WebError;

/// A SIM card.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Line {
    id: String,
    name: String,
    /// Its own number in E.164, where known.
    number: Option<String>,
    iccid: Option<String>,
    /// Two letters; how its national numbers are read.
    country: Option<String>,
    operator: Option<String>,
    /// `on`, `pending_on`, `off` or `pending_off`.
    sms: &'static str,
}

impl From<store::Line> for Line {
    fn from(line: store::Line) -> Self {
        Self {
            id: line.id.to_string(),
            name: line.name,
            number: line.number,
            iccid: line.iccid,
            country: line.country.map(|country| country.as_str().to_owned()),
            operator: line.operator,
            sms: line.sms.as_str(),
        }
    }
}

/// Every line the caller may see.
#[utoipa::path(get, path = "/api/v1/lines", tag = "lines", responses((status = 200, body = List<Line>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<List<Line>>, WebError> {
    let lines = app.store.read(|tx| tx.lines()).await?;
    let seen = lines.into_iter().filter(|line| caller.sees(line.id).is_ok());
    Ok(Json(List::whole(seen.map(Line::from).collect())))
}
