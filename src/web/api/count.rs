//! What a text costs, counted by the codec that will send it.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sms::normal_text;
use crate::web::App;
use crate::web::accept::{counted, merged, route};
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::Body;

/// A text nobody sends yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Draft {
    text: String,
    /// Count it as this number would get it: with the address book's fields filled in.
    to: Option<String>,
}

/// What it would cost.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Count {
    /// `gsm7` or `ucs2`.
    alphabet: &'static str,
    /// Characters as a person counts them by code point.
    characters: usize,
    /// Septets, or UTF-16 units.
    units: usize,
    segments: usize,
    /// Units that still fit into the last segment.
    units_left: usize,
    /// The characters that force UCS-2, each once.
    forcing: Vec<String>,
}

/// Counts a text.
#[utoipa::path(post, path = "/api/v1/messages/count", tag = "messages", request_body = Draft,
    responses((status = 200, body = Count), (status = 422, description = "text_too_long, number_invalid, line_unknown, merge_field_missing, template_invalid")))]
pub(in crate::web) async fn count(
    State(app): State<App>,
    caller: Caller,
    Body(draft): Body<Draft>,
) -> Result<Json<Count>, WebError> {
    let mut text = normal_text(&draft.text);
    if let Some(to) = draft.to {
        let settings = app.settings.clone();
        let filled = app.store.read(move |tx| {
            let (line, to) = match route(&to, None, tx, &caller, &settings) {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            Ok(merged(tx, &text, &line, &to, &settings))
        });
        text = filled.await??;
    }
    let count = counted(&text)?;
    Ok(Json(Count {
        alphabet: count.coding.alphabet().word(),
        characters: text.chars().count(),
        units: count.units,
        segments: count.segments,
        units_left: count.units_left,
        forcing: count.forcing.iter().map(char::to_string).collect(),
    }))
}
