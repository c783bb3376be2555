//! `/certificate`: why a browser warns at the first visit of a gateway that made its certificate
//! itself, and how to tell that it is this one and nobody between.

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::Frame;
use crate::web::App;
use crate::web::error::WebError;

#[derive(Template)]
#[template(path = "certificate.html", config = "src/web/askama.toml")]
struct CertificatePage {
    frame: Frame,
    /// Of the certificate we made; none, when somebody vouches for another one.
    fingerprint: Option<String>,
}

/// The page; it is open to everybody, for it is read before the first sign-in.
pub(in crate::web) async fn show(State(app): State<App>) -> Result<Html<String>, WebError> {
    let frame = Frame::bare(&app, "The certificate");
    let fingerprint = app.settings.self_signed.clone();
    Ok(Html(CertificatePage { frame, fingerprint }.render()?))
}
