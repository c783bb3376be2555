//! Texts sent and received as a file, with all their data (S135), for whoever may read them.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::Response;

use super::messages::{Filter, found};
use super::stamp;
use crate::store::{LineId, Message};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::Query;
use crate::web::sheet::Sheet;

/// Texts in the order of their arrival, as a file. `simgate-next` among the headers of the answer is
/// the cursor to go on with; without it the file is the end.
#[utoipa::path(get, path = "/api/v1/messages.csv", tag = "messages", params(Filter),
    responses((status = 200, description = "text/csv")))]
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<Response, WebError> {
    let limit = match filter.limit.unwrap_or(MOST) {
        limit @ 1..=MOST => limit,
        _ => return Err(WebError::new(Code::FieldInvalid, "limit is 1 to 10,000.")),
    };
    let texts = found(&app, &caller, filter, limit).await?;
    let lines = app.store.read(|tx| tx.lines()).await?;
    let lines: HashMap<LineId, String> =
        lines.into_iter().map(|line| (line.id, line.name)).collect();
    let mut sheet = Sheet::new(HEADINGS);
    for text in &texts {
        sheet.row(cells(text, lines.get(&text.line).map_or("", String::as_str)));
    }
    let mut file = sheet.file("messages.csv");
    if let Some(last) = texts.last().filter(|_| texts.len() == limit as usize) {
        file.headers_mut().insert("simgate-next", HeaderValue::from(last.id.0));
    }
    Ok(file)
}

fn cells(text: &Message, line: &str) -> [String; 18] {
    let time = |at: Option<_>| at.map(stamp).unwrap_or_default();
    let author = text.author.as_ref().map(|author| match &author.id {
        Some(id) => format!("{} {id}", author.kind.as_str()),
        None => author.kind.as_str().to_owned(),
    });
    let error = text.error.as_ref();
    [
        text.id.to_string(),
        text.conversation.map(|id| id.to_string()).unwrap_or_default(),
        text.direction.as_str().to_owned(),
        line.to_owned(),
        text.number.as_str().to_owned(),
        text.text.clone(),
        text.class.as_str().to_owned(),
        text.state.as_str().to_owned(),
        text.tag.clone().unwrap_or_default(),
        author.unwrap_or_default(),
        text.segments.to_string(),
        stamp(text.created_at),
        time(text.received_at),
        time(text.sent_at),
        time(text.delivered_at),
        time(text.scts),
        error.map(|error| error.code.clone()).unwrap_or_default(),
        text.hold.clone().or(error.map(|error| error.detail.clone())).unwrap_or_default(),
    ]
}

const HEADINGS: &str = "id,conversation_id,direction,line,number,text,class,state,tag,author,segments,\
    created_at,received_at,sent_at,delivered_at,service_centre_time,error,why";
/// Rows of one file.
const MOST: u32 = 10_000;
