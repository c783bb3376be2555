//! `/help`: what each page is for, in a few words (S168); the "?" of a page leads to its section.
//! `/flow`: the way of a text and its answer in one picture (S56).

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

#[derive(Template)]
#[template(path = "flow.html", config = "src/web/askama.toml")]
struct FlowPage {
    frame: Frame,
}

/// The picture.
pub(in crate::web) async fn flow(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    let frame = Frame::of(&app, &caller, "The way of a text", "/flow", "flow").await?;
    Ok(Html(FlowPage { frame }.render()?))
}
