//! `/`: conversations in three tabs, the newest first (S65, S116..S125, S142..S150), and beside
//! them the one that is open.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Html;
use serde::Deserialize;

use super::Frame;
use super::face::{Piece, face, pieces};
use super::thread::{self, Pane};
use super::words::{Badge, age, badge};
use crate::store::{
    Conversation, ConversationQuery, Line, LineId, ReadTx, StoreError, Tab, TabCounts, User, UserId,
};
use crate::types::{ConversationId, Direction, UnixTime};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::{Id, Query};

/// What the address of the page says of the list. Every link keeps it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct View {
    tab: String,
    q: String,
    line: String,
    owner: String,
    flag: String,
    tag: String,
    /// `next` of the page before.
    after: String,
    /// The thread is shown up to this message; without it to its end, live.
    pub(super) before: String,
}

impl View {
    /// The tab that is open; none while searching, which looks into all of them.
    fn tab(&self) -> Option<Tab> {
        match self.searching() {
            true => None,
            false => Some(Tab::parse(&self.tab).unwrap_or(Tab::Active)),
        }
    }

    fn searching(&self) -> bool {
        !self.q.trim().is_empty()
    }

    /// Whether a filter is on, so that the page says so (S148).
    fn filtered(&self) -> bool {
        [&self.line, &self.owner, &self.flag, &self.tag].iter().any(|word| !word.is_empty())
    }

    /// The list without its filters.
    fn unfiltered(&self) -> View {
        View { tab: self.tab.clone(), q: self.q.clone(), ..View::default() }
    }

    /// The query string, from the first list page and the end of the thread.
    pub(super) fn query(&self) -> String {
        let words = [
            ("tab", &self.tab),
            ("q", &self.q),
            ("line", &self.line),
            ("owner", &self.owner),
            ("flag", &self.flag),
            ("tag", &self.tag),
        ];
        let pairs: Vec<String> = words
            .iter()
            .filter(|(_, word)| !word.is_empty())
            .map(|(name, word)| format!("{name}={}", encoded(word)))
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    fn asked(&self, tx: &ReadTx<'_>, caller: &Caller) -> Result<ConversationQuery, StoreError> {
        let viewer = caller.user();
        let line = match self.line.is_empty() {
            true => None,
            false => tx.line_called(&self.line)?.map(|line| line.id),
        };
        Ok(ConversationQuery {
            before: place(&self.after),
            line: caller.line().or(line),
            tab: self.tab(),
            viewer,
            search: self.searching().then(|| self.q.clone()),
            flag: match self.flag.as_str() {
                "" => None,
                "any" => Some(String::new()),
                word => Some(word.to_owned()),
            },
            owner: match self.owner.as_str() {
                "me" => viewer,
                word => word.parse().ok(),
            },
            tag: (!self.tag.is_empty()).then(|| self.tag.clone()),
            limit: ROWS,
        })
    }
}

/// A place in the list: the time of its newest text and its id.
fn place(text: &str) -> Option<(UnixTime, ConversationId)> {
    let (at, id) = text.split_once('-')?;
    Some((UnixTime(at.parse().ok()?), ConversationId(id.parse().ok()?)))
}

/// `text` for a query string.
pub(super) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode =
        |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

#[derive(Template)]
#[template(path = "inbox.html", config = "src/web/askama.toml")]
pub(super) struct InboxPage {
    frame: Frame,
    list: List,
    pane: Option<Pane>,
}

/// The list with its tabs and filters.
pub(super) struct List {
    view: View,
    tabs: Vec<TabLink>,
    items: Vec<Item>,
    next: Option<String>,
    lines: Vec<Choice>,
    owners: Vec<Choice>,
    flags: Vec<Choice>,
    tags: Vec<Choice>,
    may_send: bool,
    may_admin: bool,
    /// There is nothing to send or receive with yet (S55).
    no_line: bool,
    demo: bool,
}

/// A tab with how many conversations stand in it.
struct TabLink {
    name: &'static str,
    href: String,
    here: bool,
    count: u32,
}

/// Something to filter by.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

/// A conversation as a row.
struct Item {
    id: ConversationId,
    href: String,
    current: bool,
    name: String,
    face: String,
    line: String,
    ours: bool,
    snippet: String,
    at: UnixTime,
    age: String,
    unread: u32,
    owner: Option<String>,
    mine: bool,
    flag: Option<String>,
    state: Option<Badge>,
    possible_opt_out: bool,
    opted_out: bool,
    closed: bool,
    draft: bool,
}

impl Item {
    fn pieces(&self) -> Vec<Piece> {
        pieces(&self.snippet)
    }

    fn name_pieces(&self) -> Vec<Piece> {
        pieces(&self.name)
    }
}

impl View {
    fn tab_link(&self, tab: Tab, counts: &TabCounts) -> TabLink {
        let (name, count) = match tab {
            Tab::Active => ("Active", counts.active),
            Tab::Team => ("Team", counts.team),
            Tab::Closed => ("Closed", counts.closed),
        };
        let view = View {
            tab: if tab == Tab::Active { String::new() } else { tab.as_str().to_owned() },
            q: String::new(),
            after: String::new(),
            before: String::new(),
            ..self.clone()
        };
        TabLink { name, href: format!("/{}", view.query()), here: self.tab() == Some(tab), count }
    }
}

/// What is read for the list, in one look at the store.
#[derive(Default)]
pub(super) struct Found {
    conversations: Vec<Conversation>,
    counts: TabCounts,
    lines: Vec<Line>,
    users: Vec<User>,
    drafts: Vec<ConversationId>,
    tags: Vec<String>,
    flags: Vec<String>,
}

pub(super) fn find(tx: &ReadTx<'_>, view: &View, caller: &Caller) -> Result<Found, StoreError> {
    let query = view.asked(tx, caller)?;
    let own = caller.line();
    if let Some(only) = caller.thread() {
        return Ok(Found {
            conversations: tx.conversation_for(only, query.viewer)?.into_iter().collect(),
            lines: tx.lines()?,
            users: tx.users()?,
            ..Found::default()
        });
    }
    let (tags, flags) = tx.tags_and_flags()?;
    Ok(Found {
        counts: tx.tab_counts(query.viewer, query.line)?,
        conversations: tx.conversations(&query)?,
        lines: tx.lines()?.into_iter().filter(|l| own.is_none_or(|own| own == l.id)).collect(),
        users: tx.users()?,
        drafts: tx.drafts_of(&caller.key_space())?,
        tags,
        flags,
    })
}

impl List {
    pub(super) fn new(
        app: &App,
        caller: &Caller,
        view: View,
        found: Found,
        open: Option<ConversationId>,
    ) -> Self {
        let names: HashMap<UserId, String> =
            found.users.iter().map(|user| (user.id, user.name())).collect();
        let more = found.conversations.len() == ROWS as usize;
        let last = found.conversations.last().filter(|_| more);
        let next = last.map(|last| {
            let query = view.query();
            let join = if query.is_empty() { '?' } else { '&' };
            format!("/{query}{join}after={}-{}", last.last_message_at.0, last.id)
        });
        let one = |value: &str, name: &str, chosen: &str| Choice {
            value: value.to_owned(),
            name: name.to_owned(),
            chosen: value == chosen,
        };
        let query = view.query();
        let item = |seen: Conversation| {
            let (direction, text) = seen.last_text.clone().unzip();
            let ours = direction == Some(Direction::Out);
            Item {
                id: seen.id,
                href: format!("/threads/{}{query}", seen.id),
                current: open == Some(seen.id),
                face: face(&called(&seen)),
                name: called(&seen),
                line: line_name(&found.lines, seen.line),
                ours,
                snippet: text.unwrap_or_default().chars().take(SNIPPET).collect(),
                at: seen.last_message_at,
                age: age(seen.last_message_at, app.now(), &app.settings.time_zone),
                unread: seen.unread,
                owner: seen.owner.map(|owner| {
                    names.get(&owner).cloned().unwrap_or_else(|| "Somebody".to_owned())
                }),
                mine: seen.owner.is_some() && seen.owner == caller.user(),
                flag: seen.flag,
                state: seen.last_state.filter(|_| ours).and_then(badge),
                possible_opt_out: seen.possible_opt_out,
                opted_out: seen.opted_out,
                closed: seen.closed,
                draft: found.drafts.contains(&seen.id),
            }
        };
        let items = found.conversations.into_iter().map(item).collect();
        let staff = found.users.iter().filter(|user| user.may_sign_in());
        let mut owners: Vec<Choice> =
            staff.map(|user| one(&user.id.to_string(), &user.name(), &view.owner)).collect();
        if caller.user().is_some() {
            owners.insert(0, one("me", "Me", &view.owner));
        }
        let mut flags: Vec<Choice> =
            found.flags.iter().map(|flag| one(flag, flag, &view.flag)).collect();
        if !flags.is_empty() {
            flags.insert(0, one("any", "Any flag", &view.flag));
        }
        Self {
            tabs: Tab::ALL.iter().map(|tab| view.tab_link(*tab, &found.counts)).collect(),
            items,
            next,
            lines: found
                .lines
                .iter()
                .map(|line| one(&line.id.to_string(), &line.name, &view.line))
                .collect(),
            owners,
            flags,
            tags: found.tags.iter().map(|tag| one(tag, tag, &view.tag)).collect(),
            may_send: caller.may_send() && caller.thread().is_none(),
            may_admin: caller.is_admin(),
            no_line: found.lines.is_empty(),
            demo: app.demo.is_some(),
            view,
        }
    }

    /// The tab's word, where it says what is missing.
    fn tab(&self) -> &str {
        self.view.tab().map_or("", Tab::as_str)
    }

    /// What the filters are, in words.
    fn filters(&self) -> String {
        let all = [&self.lines, &self.owners, &self.flags, &self.tags];
        let chosen = all.into_iter().flatten().filter(|choice| choice.chosen);
        chosen.map(|choice| choice.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// What a conversation's row is called: its contact's name, else its number.
pub(super) fn called(seen: &Conversation) -> String {
    let name = seen.contact.as_ref().map(|(_, name)| name.as_str()).filter(|n| !n.is_empty());
    let number = seen.number.as_str();
    match (name, number) {
        (Some(name), _) => name.to_owned(),
        (None, "") => "Unreadable sender".to_owned(),
        (None, number) => number.to_owned(),
    }
}

/// What a line is called.
pub(super) fn line_name(lines: &[Line], id: Option<LineId>) -> String {
    let line = lines.iter().find(|line| Some(line.id) == id);
    line.map_or_else(String::new, |line| line.name.clone())
}

/// The list alone.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(view): Query<View>,
) -> Result<Html<String>, WebError> {
    Ok(Html(render(&app, &caller, view, None).await?))
}

/// The list and one conversation, which is read by being looked at (S149, S151).
pub(in crate::web) async fn open(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id<ConversationId>,
    Query(view): Query<View>,
) -> Result<Html<String>, WebError> {
    // A page that only keeps itself up to date is perhaps looked at by nobody.
    if !headers.contains_key("simgate-fragment") {
        thread::look(&app, &caller, id).await?;
    }
    let pane = thread::pane(&app, &caller, id, &view, None).await?;
    Ok(Html(render(&app, &caller, view, Some(pane)).await?))
}

/// The page, with a conversation open or not.
pub(super) async fn render(
    app: &App,
    caller: &Caller,
    view: View,
    pane: Option<Pane>,
) -> Result<String, WebError> {
    let (asking, looking) = (view.clone(), caller.clone());
    let found = app.store.read(move |tx| find(tx, &asking, &looking)).await?;
    let title = pane.as_ref().map_or_else(|| "Inbox".to_owned(), |pane| pane.title());
    let help = if pane.is_some() { "thread" } else { "inbox" };
    let frame = Frame::of(app, caller, title, "/", help).await?;
    let list = List::new(app, caller, view, found, pane.as_ref().map(Pane::id));
    Ok(InboxPage { frame, list, pane }.render()?)
}

/// Conversations on one page.
const ROWS: u32 = 50;
/// Characters of the newest text in a row.
const SNIPPET: usize = 120;
