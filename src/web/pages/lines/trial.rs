//! A line is tried: whether it receives by itself, what came last, and a text to see that it sends
//! (S59).

use crate::store::{Line, LineId, MessageQuery, Page, ReadTx, SmsSwitch, StoreError, UserId};
use crate::types::{Class, Direction};
use crate::web::App;
use crate::web::accept::Wanted;
use crate::web::api::messages::queue;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::pages::form::{Field, Form};
use crate::web::pages::strip::state_words;
use crate::web::pages::words::Moment;

/// How a line does.
pub(super) struct Trial {
    /// Whether a text to it would arrive now.
    pub(super) receives: bool,
    /// The same in words.
    pub(super) words: String,
    /// When the last text came in.
    pub(super) last_in: Option<String>,
    /// When the last text went out.
    pub(super) last_out: Option<String>,
    /// Sends a test text.
    pub(super) form: Form,
}

impl Trial {
    /// Nothing has to be set for a line to receive: it does while its modem is ready.
    pub(super) fn read(
        tx: &ReadTx<'_>,
        app: &App,
        line: &Line,
        viewer: Option<UserId>,
    ) -> Result<Self, StoreError> {
        let modem = tx.modems()?.into_iter().find(|modem| modem.line == Some(line.id));
        let (receives, words) = match modem {
            None => (false, "Its SIM is in no modem now. Plug one in.".to_owned()),
            Some(modem) => match (modem.state.as_str(), modem.note) {
                ("ready", None) if line.sms == SmsSwitch::Off => {
                    (true, "SMS is off: texts are received and kept, none is sent.".to_owned())
                }
                ("ready", None) => (true, "It receives: nothing else has to be set.".to_owned()),
                (_, Some(note)) => (false, note),
                (state, None) => (false, format!("Its modem is {}.", state_words(state))),
            },
        };
        let last = |direction| -> Result<Option<String>, StoreError> {
            let query = MessageQuery {
                page: Page::Last,
                direction: Some(direction),
                line: Some(line.id),
                limit: 1,
                ..MessageQuery::default()
            };
            let found = tx.messages(&query)?.into_iter().next();
            Ok(found.map(|message| {
                let at = message.received_at.unwrap_or(message.created_at);
                let moment = Moment::new(at, &app.settings.time_zone);
                format!("{}, {}", moment.short, moment.clock)
            }))
        };
        let user = viewer.map(|user| tx.user(user)).transpose()?.flatten();
        let phone = user.and_then(|user| user.profile.phone);
        let phone = phone.map_or(String::new(), |phone| phone.as_str().to_owned());
        let form = Form::new("trial", format!("/lines/{}/test", line.id), "Send a test text")
            .field(
                Field::typed("to", "To your phone", "tel", phone)
                    .required()
                    .hint("It says which line it came from. Answer it to see the other way."),
            );
        let (last_in, last_out) = (last(Direction::In)?, last(Direction::Out)?);
        Ok(Self { receives, words, last_in, last_out, form })
    }

    /// The same with what was tried before.
    pub(super) fn shown(mut self, with: impl FnOnce(Form) -> Form) -> Self {
        self.form = with(self.form);
        self
    }
}

/// Queues the test text.
pub(super) async fn send(app: &App, caller: Caller, id: LineId, to: &str) -> Result<(), WebError> {
    let line = app.store.read(move |tx| tx.line(id)).await?.ok_or_else(WebError::not_found)?;
    let text = format!("A test from {}. You read this: it sends. Answer: it receives.", line.name);
    let wanted =
        Wanted { class: Class::Alert, ..Wanted::plain(to.to_owned(), text, Some(id.to_string())) };
    queue(app, caller, wanted, None, true).await.map(drop)
}
