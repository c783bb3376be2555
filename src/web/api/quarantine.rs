//! Mail that came in and waits for an admin: looked at, let through, or not.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{List, stamp};
use crate::bus::Change;
use crate::store::{self, MailId, MailOutcome};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Id, Query};

/// A mail that came in.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Mail {
    id: String,
    /// The address in `From`; empty when there is not exactly one. Nobody has proven it.
    from: String,
    subject: String,
    message_id: String,
    /// `quarantined`, `approved`, `rejected`, or what became of it.
    state: &'static str,
    /// A stable word: `stranger`, `unverified`, `authors`, `forged`, `list`, `robot`, `flood`.
    code: String,
    /// Why it waits, in words.
    why: String,
    received_at: String,
    decided_at: Option<String>,
}

impl From<store::Mail> for Mail {
    fn from(mail: store::Mail) -> Self {
        Self {
            id: mail.id.to_string(),
            from: mail.author,
            subject: mail.subject,
            message_id: mail.mail_id,
            state: mail.outcome.as_str(),
            code: mail.code,
            why: mail.why,
            received_at: stamp(mail.at),
            decided_at: mail.decided_at.map(stamp),
        }
    }
}

/// Which mails.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Filter {
    /// Also those nobody has to decide about: what became of each mail (default false).
    all: Option<bool>,
}

/// Mail that waits for a decision, newest first.
#[utoipa::path(get, path = "/api/v1/quarantine", tag = "mail", params(Filter),
    responses((status = 200, body = List<Mail>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<List<Mail>>, WebError> {
    let waiting_only = !filter.all.unwrap_or(false);
    let mails = app.store.read(move |tx| tx.mails(waiting_only, 500)).await?;
    Ok(Json(List::whole(mails.into_iter().map(Mail::from).collect())))
}

/// Lets a mail through: it becomes the text it would have become from somebody we know. The author
/// is not known any better the next time (E46).
#[utoipa::path(post, path = "/api/v1/quarantine/{id}/approve", tag = "mail", params(("id" = String, Path)),
    responses((status = 200, body = Mail), (status = 404, description = "not_found"), (status = 409, description = "conflict")))]
pub(in crate::web) async fn approve(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MailId>,
) -> Result<Json<Mail>, WebError> {
    decide(&app, caller, id, MailOutcome::Approved, "mail.approved").await
}

/// Forgets a mail: nothing comes of it.
#[utoipa::path(post, path = "/api/v1/quarantine/{id}/reject", tag = "mail", params(("id" = String, Path)),
    responses((status = 200, body = Mail), (status = 404, description = "not_found"), (status = 409, description = "conflict")))]
pub(in crate::web) async fn reject(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MailId>,
) -> Result<Json<Mail>, WebError> {
    decide(&app, caller, id, MailOutcome::Rejected, "mail.rejected").await
}

async fn decide(
    app: &App,
    caller: Caller,
    id: MailId,
    outcome: MailOutcome,
    action: &'static str,
) -> Result<Json<Mail>, WebError> {
    let decided = change(app, move |tx, now| {
        let by = caller.user().map(|user| user.to_string());
        let waited = tx.decide_mail(id, outcome, by.as_deref(), now)?;
        let mail = tx.mail(id)?.ok_or_else(WebError::not_found)?;
        if !waited {
            let detail = format!("The mail is {} already.", mail.outcome.as_str());
            return Err(WebError::new(Code::Conflict, detail));
        }
        audit(tx, &caller, action, id, json!({ "code": mail.code }), now)?;
        Ok(mail)
    });
    let mail = decided.await?;
    app.bus.ring(Change::Mails);
    Ok(Json(mail.into()))
}
