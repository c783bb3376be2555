//! `/help`: what each page is for, in a few words (S168). The "?" of a page leads to its section.

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::Frame;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::WebError;

#[derive(Template)]
#[template(path = "help.html", config = "src/web/askama.toml")]
struct HelpPage {
    frame: Frame,
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    let frame = Frame::of(&app, &caller, "Help", "/help", "inbox").await?;
    Ok(Html(HelpPage { frame }.render()?))
}
