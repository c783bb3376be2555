//! A settings form: fields with their labels, values and hints, and what was refused of them.
//!
//! A page declares its fields; what a browser posts comes in as [`Posted`]; a refusal of the act
//! behind the page goes to the field it speaks of, and everything typed stays where it was.

use askama::Template;
use axum::extract::{FromRequest, Request};

use crate::web::assets::Addresses;
use crate::web::error::WebError;
use crate::web::extract;

/// What a browser posted, in order.
#[derive(Clone, Debug, Default)]
pub(in crate::web) struct Posted(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        extract::Form::from_request(request, state).await.map(|extract::Form(pairs)| Self(pairs))
    }
}

impl Posted {
    /// The value of a field without the blanks around it; empty when it was not posted.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.trim())
    }

    /// The value, unless it is empty.
    pub(super) fn given(&self, name: &str) -> Option<String> {
        Some(self.get(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// Every value of a field that may stand there several times.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(key, value)| key == name && !value.is_empty());
        named.map(|(_, value)| value.clone()).collect()
    }

    /// Whether a box was ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The lines of a box, or the parts between commas; blank ones left out.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let parts = self.get(name).split(['\n', ',', ';']).map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// A text as it was typed: lines end as SMS end them.
    pub(super) fn text(&self, name: &str) -> String {
        self.get(name).replace("\r\n", "\n")
    }
}

/// What somebody typed, and why it was refused; `None`: nothing was tried yet.
pub(super) type Tried<'a> = Option<(&'a Posted, &'a WebError)>;

/// One box.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) kind: Kind,
    pub(super) value: String,
    pub(super) required: bool,
    pub(super) refusal: Option<String>,
}

/// What sort of box.
pub(super) enum Kind {
    /// One line; the type of the input.
    Line(&'static str),
    /// Several.
    Area,
    /// One of these.
    Choice(Vec<Choice>),
    /// Any of these.
    Several(Vec<Choice>),
    /// Yes or no.
    Tick(bool),
    /// A heading over the fields that follow.
    Heading,
    /// The fields that follow are folded away, unless this is true.
    Fold(bool),
    /// Up to here.
    Unfold,
}

/// One of several.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Field {
    fn new(name: &str, label: &str, kind: Kind, value: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            hint: String::new(),
            kind,
            value: value.into(),
            required: false,
            refusal: None,
        }
    }

    /// One line.
    pub(super) fn line(name: &str, label: &str, value: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Line("text"), value)
    }

    /// One line of a kind that browsers know: `email`, `tel`, `number`, `datetime-local`.
    pub(super) fn typed(
        name: &str,
        label: &str,
        kind: &'static str,
        value: impl Into<String>,
    ) -> Self {
        Self::new(name, label, Kind::Line(kind), value)
    }

    /// Several lines.
    pub(super) fn area(name: &str, label: &str, value: impl Into<String>) -> Self {
        Self::new(name, label, Kind::Area, value)
    }

    /// One of `(value, label)`.
    pub(super) fn choice<V: Into<String>, L: Into<String>>(
        name: &str,
        label: &str,
        choices: impl IntoIterator<Item = (V, L)>,
        value: &str,
    ) -> Self {
        let choice = |(choice, label): (V, L)| {
            let choice = choice.into();
            Choice { chosen: choice == value, value: choice, label: label.into() }
        };
        Self::new(name, label, Kind::Choice(choices.into_iter().map(choice).collect()), value)
    }

    /// Any of `(value, label)`.
    pub(super) fn several<V: Into<String>, L: Into<String>>(
        name: &str,
        label: &str,
        choices: impl IntoIterator<Item = (V, L)>,
        chosen: &[String],
    ) -> Self {
        let choice = |(choice, label): (V, L)| {
            let choice = choice.into();
            Choice { chosen: chosen.contains(&choice), value: choice, label: label.into() }
        };
        Self::new(name, label, Kind::Several(choices.into_iter().map(choice).collect()), "")
    }

    /// Yes or no.
    pub(super) fn tick(name: &str, label: &str, on: bool) -> Self {
        Self::new(name, label, Kind::Tick(on), "1")
    }

    /// A heading with a sentence under it.
    pub(super) fn heading(label: &str, hint: &str) -> Self {
        Self::new("", label, Kind::Heading, "").hint(hint)
    }

    /// Fields that are folded away under a heading, unless they are `open`.
    pub(super) fn folded(label: &str, open: bool, fields: Vec<Field>) -> Vec<Self> {
        let mut all = vec![Self::new("", label, Kind::Fold(open), "")];
        all.extend(fields);
        all.push(Self::new("", "", Kind::Unfold, ""));
        all
    }

    /// Whether something is typed, chosen or ticked in it.
    fn is_box(&self) -> bool {
        !matches!(self.kind, Kind::Heading | Kind::Fold(_) | Kind::Unfold)
    }

    /// A sentence under the box.
    pub(super) fn hint(mut self, hint: &str) -> Self {
        hint.clone_into(&mut self.hint);
        self
    }

    /// A form without it is not sent.
    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    fn refill(&mut self, posted: &Posted) {
        match &mut self.kind {
            Kind::Line("password") | Kind::Heading | Kind::Fold(_) | Kind::Unfold => {}
            Kind::Line(_) | Kind::Area => posted.get(&self.name).clone_into(&mut self.value),
            Kind::Choice(choices) => {
                let value = posted.get(&self.name);
                choices.iter_mut().for_each(|choice| choice.chosen = choice.value == value);
            }
            Kind::Several(choices) => {
                let all = posted.all(&self.name);
                choices.iter_mut().for_each(|choice| choice.chosen = all.contains(&choice.value));
            }
            Kind::Tick(on) => *on = posted.ticked(&self.name),
        }
    }

    /// The ids of what belongs to the box.
    fn described(&self, id: &str) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{id}-{}-hint", self.name));
        }
        if self.refusal.is_some() {
            ids.push(format!("{id}-{}-refusal", self.name));
        }
        ids.join(" ")
    }
}

/// A form, rendered.
#[derive(Template)]
#[template(path = "form.html", config = "src/web/askama.toml")]
pub(super) struct Form {
    assets: Addresses,
    /// Tells the boxes of several forms on a page apart.
    id: String,
    action: String,
    fields: Vec<Field>,
    /// What goes with it unseen.
    fixed: Vec<(&'static str, String)>,
    button: String,
    /// A refusal that speaks of no one field.
    refusal: Option<String>,
}

impl Form {
    /// A form that posts to `action`.
    pub(super) fn new(id: &str, action: impl Into<String>, button: &str) -> Self {
        Self {
            assets: Addresses,
            id: id.to_owned(),
            action: action.into(),
            fields: Vec::new(),
            fixed: Vec::new(),
            button: button.to_owned(),
            refusal: None,
        }
    }

    /// Adds a field.
    pub(super) fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Adds fields.
    pub(super) fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Adds what goes with it unseen.
    pub(super) fn fixed(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fixed.push((name, value.into()));
        self
    }

    /// Whether the form has a field of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// The same form with what was typed.
    pub(super) fn refilled(mut self, posted: &Posted) -> Self {
        self.fields.iter_mut().for_each(|field| field.refill(posted));
        self
    }

    /// The same form, with what somebody tried with it before.
    pub(super) fn after(self, tried: Tried<'_>) -> Self {
        match tried {
            Some((posted, refusal)) => self.refused(posted, refusal),
            None => self,
        }
    }

    /// The same form with what was typed, and why it was refused.
    pub(super) fn refused(mut self, posted: &Posted, refusal: &WebError) -> Self {
        self.fields.iter_mut().for_each(|field| field.refill(posted));
        let spoken_of = spoken_of(refusal, &self.fields);
        let mut words = refusal.detail().to_owned();
        for field in self.fields.iter().filter(|field| !field.name.is_empty()) {
            if words.starts_with(&format!("{} ", field.name)) {
                words = words.replacen(&field.name, &field.label, 1);
            }
        }
        match spoken_of.and_then(|index| self.fields.get_mut(index)) {
            Some(field) => field.refusal = Some(words),
            None => self.refusal = Some(words),
        }
        self
    }
}

/// The field a refusal is about: the one it names first, else the one its code belongs to.
fn spoken_of(refusal: &WebError, fields: &[Field]) -> Option<usize> {
    let first = refusal.detail().split([' ', ':', '.', ',']).next().unwrap_or_default();
    let code = refusal.code().word();
    let named = |name: &str| fields.iter().position(|field| field.name == name);
    named(first).or_else(|| {
        let about: &[&str] = match code {
            "name_taken" => &["name"],
            "email_taken" | "email_missing" => &["email"],
            "password_weak" => &["password"],
            "number_invalid" | "phone_missing" | "phone_is_own_line" => {
                &["phone", "number", "from"]
            }
            "template_invalid"
            | "template_too_long"
            | "text_too_long"
            | "text_empty"
            | "merge_field_missing" => &["text", "reply"],
            "rule_without_words" | "consent_word" => &["words"],
            "tag_too_long" | "tag_invalid" => &["tags", "tag"],
            "hours_invalid" => &["time_zone"],
            "help_contact_missing" => &["help_contact", "sms"],
            "registration_missing" => &["registration", "sms"],
            "response_email_invalid" | "response_emails_too_many" => &["response_emails"],
            "recipient_without_phone" | "recipient_is_own_line" => &["response_recipient"],
            "notified_user_required" | "notified_users_too_many" | "channel_required" => {
                &["notified_1"]
            }
            "time_invalid" => &["closes", "expires_at", "at"],
            "line_unknown" => &["line"],
            _ => &[],
        };
        about.iter().find_map(|name| named(name))
    })
}
