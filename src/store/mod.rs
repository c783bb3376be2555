//! What is remembered: one SQLite file, one writer, short transactions (D7).
//!
//! Facts and times go in, rows come out. [`Store::write`] gives a closure a [`WriteTx`] and
//! resolves after the commit; [`Store::read`] gives it a [`ReadTx`]. The verbs on the two are the
//! domain's, one file per subject; each is one statement or a short sequence inside the caller's
//! transaction, so that a caller may join several into one act.
//!
//! Deliberately absent: no clock and no randomness (they are arguments), no decoding (callers of
//! layer 6 know `sms`, this layer keeps bytes and plain facts), no signals (callers ring the bus
//! after the commit), no SQL anywhere else.
//!
//! Begin with `schema.sql`. Then `writer` (group commit), `journal` (the second copy), `inbound` (a TPDU becomes a message once),
//! `outbound`, `lease` and `submit` (the queue and what the modem said), `reports` (what the network said).
//! Of people: `conversations`, `claims`, `threads`, `contacts`, `users`, `line_settings`; `audit` seals it.

mod askings;
mod attempt;
mod audit;
mod automatic;
mod changes;
mod claims;
mod clearance;
mod commit;
mod connection;
mod consent;
mod contacts;
mod conversations;
mod counts;
mod custody;
mod deliveries;
mod drafts;
mod erasure;
mod error;
mod evidence;
mod facts;
mod groups;
mod happenings;
mod held_links;
mod idempotency;
mod inbound;
mod journal;
mod lease;
mod line_settings;
mod lines;
mod mail_fates;
mod mailboxes;
mod mails;
mod messages;
mod modem_history;
mod modems;
mod notices;
mod old_texts;
mod orders;
mod outbound;
mod packs;
mod panics;
mod pin_attempts;
mod prompts;
mod readers;
mod refusals;
mod relay_codes;
mod relay_desks;
mod reports;
mod restored;
mod resume;
mod retention;
mod rulebook;
mod rules;
mod schedule;
mod schema;
mod search;
mod second_factors;
mod sessions;
mod settings;
mod settle;
mod slowed;
mod submit;
mod templates;
mod thread_links;
mod threads;
mod tokens;
mod traffic;
mod upkeep;
mod users;
mod webhook_keys;
mod words;
mod writer;

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

pub use audit::Audit;
pub use changes::ChangeRow;
pub use claims::Claim;
pub use clearance::{Clearance, Exception, Leaving};
pub use consent::{ConsentEntry, ConsentId, Decided, Said};
pub use contacts::{Card, Contact, ContactQuery};
pub use conversations::{Conversation, ConversationQuery, TabCounts};
pub use counts::MonthCounts;
pub use custody::Custody;
pub use deliveries::{Delivery, DeliveryId, NewDelivery, Overdue, Way};
pub use drafts::Draft;
pub use erasure::{Dossier, Erased, Erasure};
pub use error::{ErrorKind, Result, StoreError};
pub use evidence::Kept;
pub use groups::{GroupId, GroupPart};
pub use happenings::{Happening, NewHappening};
pub use held_links::{HELD_LINK_LIFE, HeldLink, HeldUse};
pub use idempotency::{Earlier, IdempotencyKey};
pub use inbound::{
    Concat, Fresh, GroupStatus, NewInbound, NewSegment, Published, Recognised, SegmentId, Source,
};
pub use journal::{Contents as JournalContents, Entry as JournalEntry, Record as JournalRecord};
pub use journal::{FOLDER_NAME as JOURNAL_FOLDER, read as read_journal};
pub use lease::{OutSegment, OutSegmentId, Outbound};
pub use line_settings::{LineSettings, NotifiedUser};
pub use lines::{Line, LineId, SeenSim};
pub use mail_fates::MailFate;
pub use mailboxes::{Cursor, FAILING_AFTER, FailingSink, MailHealth};
pub use mails::{Mail, MailId, MailText, NewMail, NewMailText};
pub use messages::{Author, Message, MessageError, MessageQuery, Page, SegmentRow};
pub use modem_history::Reading;
pub use modems::{Modem, ModemStatus, SeenModem};
pub use notices::NewNotice;
pub use old_texts::Deleted;
pub use orders::{NewOrder, OrderId, OrderRow};
pub use outbound::{BatchId, Enqueued, NewMessage, default_validity};
pub use panics::Panicked;
pub use prompts::{Prompt, PromptId, PromptText};
pub use refusals::{NewRefused, RefusalId, Refused, RefusedQuery};
pub use relay_codes::RelayCode;
pub use relay_desks::RelayDesk;
pub use reports::{NewReport, ReportMatch};
pub use retention::{Forgotten, Keep};
pub use rulebook::Organisation;
pub use rules::{Rule, RuleId, RuleText};
pub use schema::describe;
pub use second_factors::SecondFactor;
pub use sessions::{NewSession, Session, SessionId, SignInLink};
pub use settle::Settled;
pub use submit::{Prepared, Refusal, backoff};
pub use templates::{Template, TemplateId};
pub use thread_links::{LinkUse, THREAD_LINK_LIFE};
pub use threads::{Filing, Note, NoteId};
pub use tokens::{NewToken, Token, TokenId, TokenUse};
pub use traffic::{Traffic, TrafficQuery};
pub use users::{Profile, User, UserId};
pub use words::{
    AuthorKind, ChangeKind, ClaimPolicy, DeliveryKind, DeliveryState, Evidence, Happened, Kind,
    LinkKind, MailOutcome, MailPart, OrderKind, OrderState, PromptKind, Registration, RelayEvent,
    ReportOutcome, Role, SegmentState, SmsSwitch, Stage, Tab, Tell, TemplateClass,
};

pub use commit::{Moment, Watch};
pub use upkeep::{Checked, back_up, check, restore, set_aside};

use attempt::Undo;
use commit::{Desk, Notes};
use journal::Journal;
use readers::Readers;
use rulebook::Rulebooks;
use writer::Writer;

/// The file's name inside the data folder.
pub const FILE_NAME: &str = "simgate.db";

/// The database of one gateway. Clones share it.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: Readers,
    path: PathBuf,
}

impl Store {
    /// Opens the database in the folder `dir`, creating or upgrading it, and starts its writer on
    /// the current runtime.
    pub async fn open(dir: &Path) -> Result<Store> {
        Self::opened(dir, Some(Journal::new(dir.join(JOURNAL_FOLDER))), None).await
    }

    /// The same with somebody who may end it at any commit, as a power cut would.
    pub async fn open_watched(dir: &Path, watch: Watch) -> Result<Store> {
        Self::opened(dir, Some(Journal::new(dir.join(JOURNAL_FOLDER))), Some(watch)).await
    }

    /// The same without a second copy: for what is rebuilt from one.
    pub async fn open_without_journal(dir: &Path) -> Result<Store> {
        Self::opened(dir, None, None).await
    }

    async fn opened(dir: &Path, journal: Option<Journal>, watch: Option<Watch>) -> Result<Store> {
        let path = dir.join(FILE_NAME);
        let opening = path.clone();
        let conn = tokio::task::spawn_blocking(move || {
            let conn = connection::open_writer(&opening)?;
            connection::quick_check(&conn)?;
            Ok::<_, StoreError>(conn)
        })
        .await
        .map_err(|e| StoreError::new(ErrorKind::Bug, e.to_string()))??;
        let rulebooks = Arc::<Rulebooks>::default();
        let desk = Desk::new(conn, path.clone(), journal, watch, rulebooks.clone());
        let writer = Writer::new(desk);
        Ok(Store { writer, readers: Readers::new(path.clone(), rulebooks), path })
    }

    /// Runs `job` in a write transaction; resolves after the commit is on the disk. Jobs that wait
    /// together are committed together; one that fails is rolled back alone.
    pub async fn write<T, F>(&self, job: F) -> Result<T>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.writer.run(job).await
    }

    /// Runs `job` on a snapshot of the database. Keep it short: a long one starves the checkpoint.
    pub async fn read<T, F>(&self, job: F) -> Result<T>
    where
        F: FnOnce(&ReadTx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.readers.run(job).await
    }

    /// A future that ends when a delivery was added and committed; it counts from its creation.
    pub fn deliveries_added(&self) -> impl Future<Output = ()> + Send + 'static {
        self.writer.deliveries_added()
    }

    /// Finishes what waits, moves the write-ahead log into the file and ends the writer. Later
    /// calls to [`Store::write`] fail as closed.
    pub async fn close(&self) -> Result<()> {
        self.readers.close();
        self.writer.close().await
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A snapshot to read from.
pub struct ReadTx<'a> {
    conn: &'a Connection,
    rulebooks: &'a Rulebooks,
}

/// A transaction to write in; it reads its own rows too.
pub struct WriteTx<'a> {
    read: ReadTx<'a>,
    notes: &'a RefCell<Notes>,
    /// How its parts are undone.
    undo: Cell<Undo>,
}

impl<'a> Deref for WriteTx<'a> {
    type Target = ReadTx<'a>;
    fn deref(&self) -> &ReadTx<'a> {
        &self.read
    }
}
