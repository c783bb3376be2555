//! Lines: the SIM cards we know, with what is set of them.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::List;
use crate::store::{self, LineId, LineSettings, ReadTx, StoreError};
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::Id;
use crate::web::{App, Settings, crew};

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
    /// `not_needed`, `needed`, `pending` or `registered`.
    registration: &'static str,
    tags: Vec<String>,
    /// The id of a user.
    response_recipient: Option<String>,
    notified_users: Vec<NotifiedUser>,
    response_emails: Vec<String>,
    /// The policy in force: `off`, `soft` or `strict`.
    claim_policy: &'static str,
    participants_reply: bool,
    /// Minutes after which an idle claim is given back; null: the gateway's 12 hours.
    claims_idle: Option<u32>,
    /// Users are told of new texts; null: nobody has been named yet.
    notify: Option<bool>,
    /// `{from, to}` of the recipient's day, `"off"`, or null: the shipped ones, for marketing alone.
    #[schema(value_type = Option<Object>)]
    quiet_hours: Option<Value>,
    #[schema(value_type = Object)]
    texts: Value,
    help_contact: String,
    #[schema(value_type = Option<Object>)]
    business_hours: Option<Value>,
    international: bool,
    short_codes: Vec<String>,
    #[schema(value_type = Object)]
    limits: Value,
    #[schema(value_type = Object)]
    consent: Value,
    #[schema(value_type = Object)]
    relay: Value,
    show_codes: bool,
}

/// Somebody told of new texts on a line.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NotifiedUser {
    /// Id, address or phone of a user.
    user: String,
    #[serde(default)]
    sms: bool,
    #[serde(default)]
    email: bool,
    /// By the browser.
    #[serde(default)]
    push: bool,
    /// `now` or `batch`.
    #[serde(default)]
    urgency: Option<String>,
}

impl NotifiedUser {
    pub(super) fn read(
        self,
        tx: &ReadTx<'_>,
        settings: &Settings,
    ) -> Result<store::NotifiedUser, WebError> {
        if self.urgency.as_deref().is_some_and(|word| !["now", "batch"].contains(&word)) {
            return Err(WebError::new(Code::FieldInvalid, "urgency is now or batch."));
        }
        let user = crew::user_called(tx, &self.user, settings)?;
        if !user.profile.active {
            let detail = format!("{} is not active: choose somebody else.", user.name());
            return Err(WebError::new(Code::UserInactive, detail));
        }
        let Self { sms, email, push, urgency, .. } = self;
        Ok(store::NotifiedUser { user: user.id, sms, email, push, urgency })
    }
}

impl Line {
    /// A line as the API shows it.
    pub(super) fn read(tx: &ReadTx<'_>, id: LineId) -> Result<Option<Line>, StoreError> {
        let (Some(line), Some(set)) = (tx.line(id)?, tx.line_settings(id)?) else {
            return Ok(None);
        };
        Ok(Some(Line::of(line, set)))
    }

    fn of(line: store::Line, set: LineSettings) -> Line {
        let told = |one: store::NotifiedUser| NotifiedUser {
            user: one.user.to_string(),
            sms: one.sms,
            email: one.email,
            push: one.push,
            urgency: one.urgency,
        };
        let claim_policy = set.claims().as_str();
        Line {
            id: line.id.to_string(),
            name: line.name,
            number: line.number,
            iccid: line.iccid,
            country: line.country.map(|country| country.as_str().to_owned()),
            operator: line.operator,
            sms: line.sms.as_str(),
            registration: set.registration.as_str(),
            tags: set.tags,
            response_recipient: set.response_recipient.map(|user| user.to_string()),
            notified_users: set.notified.into_iter().map(told).collect(),
            response_emails: set.response_emails,
            claim_policy,
            claims_idle: set.claims_idle,
            notify: set.notify,
            quiet_hours: set.quiet_hours.map(|hours| match hours {
                Value::Null => json!("off"),
                hours => hours,
            }),
            participants_reply: set.participants_reply,
            texts: set.texts,
            help_contact: set.help_contact,
            business_hours: set.business_hours,
            international: set.international,
            short_codes: set.short_codes,
            limits: set.limits,
            consent: set.consent,
            relay: shown_relay(set.relay),
            show_codes: set.show_codes,
        }
    }
}

/// The PIN is written, never read back; ids are strings.
fn shown_relay(mut relay: Value) -> Value {
    if let Some(pin) = relay.get_mut("pin") {
        *pin = json!(true);
    }
    if let Some(Value::Array(ids)) = relay.get_mut("recipients") {
        ids.iter_mut().for_each(|id| *id = json!(id.to_string()));
    }
    relay
}

/// Every line the caller may see.
#[utoipa::path(get, path = "/api/v1/lines", tag = "lines", responses((status = 200, body = List<Line>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<List<Line>>, WebError> {
    let lines = app.store.read(|tx| {
        let lines = tx.lines()?.into_iter();
        let read = lines.filter_map(|line| Line::read(tx, line.id).transpose());
        read.collect::<Result<Vec<_>, _>>()
    });
    let seen = lines.await?.into_iter().filter(|line| {
        let id = line.id.parse().map(LineId);
        id.is_ok_and(|id| caller.sees(id).is_ok())
    });
    Ok(Json(List::whole(seen.collect())))
}

/// One line.
#[utoipa::path(get, path = "/api/v1/lines/{id}", tag = "lines", params(("id" = String, Path)),
    responses((status = 200, body = Line), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LineId>,
) -> Result<Json<Line>, WebError> {
    caller.sees(id)?;
    let found = app.store.read(move |tx| Line::read(tx, id)).await?;
    Ok(Json(found.ok_or_else(WebError::not_found)?))
}
