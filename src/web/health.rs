//! How the gateway is: for a supervisor (`/livez`), a load balancer (`/readyz`), a person (`/healthz`).
//!
//! The verdict is public, because a watcher should need no secret; what it rests on names devices
//! and is only told to whoever may read.

use std::path::Path;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::auth::Anyone;
use super::error::{Code, WebError};
use crate::store::{self, MailPart, Modem, ReadTx};
use crate::types::UnixTime;

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "health", security(()), responses((status = 200, body = String)))]
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// Texts can be taken: the store answers and has room.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, body = String), (status = 503)))]
pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, WebError> {
    app.store.read(|tx| tx.last_change()).await?;
    room(&app)?;
    Ok("ok\n")
}

/// Refuses new texts while the disk is nearly full: what is here must still be received.
pub(super) fn room(app: &App) -> Result<(), WebError> {
    match free_bytes(app.store.path()) {
        Some(free) if free < app.settings.room_needed => {
            let detail = "Nothing was stored. Make room on the gateway's disk.";
            Err(WebError::new(Code::StorageLow, detail))
        }
        _ => Ok(()),
    }
}

/// How it is with one part, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    /// It works, but a person should look.
    Degraded,
    Failed,
}

/// The whole picture.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    status: Verdict,
    #[serde(flatten)]
    parts: Option<Parts>,
}

/// What the verdict rests on; absent for a caller who may not read.
#[derive(Debug, Serialize, ToSchema)]
struct Parts {
    version: &'static str,
    store: Store,
    disk: Disk,
    clock: Clock,
    modems: Vec<ModemHealth>,
    mail: MailHealth,
}

/// E-mail; a gateway without any is as well as one with.
#[derive(Debug, Serialize, ToSchema)]
struct MailHealth {
    status: Verdict,
    /// Why no mail leaves; null: it does, or there was none yet.
    out: Option<String>,
    /// Why no mail is fetched.
    #[serde(rename = "in")]
    into: Option<String>,
    /// Mails that wait.
    waiting: u32,
    /// Since when the oldest does.
    waiting_since: Option<String>,
    /// Mails an admin has to decide about.
    quarantined: usize,
    /// Addresses that mail keeps coming back from.
    failing: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Store {
    status: Verdict,
    /// The newest committed change.
    last_change: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Disk {
    status: Verdict,
    free_bytes: Option<u64>,
    needed_bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct Clock {
    status: Verdict,
    now: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ModemHealth {
    id: String,
    line: Option<String>,
    status: Verdict,
    state: String,
    registration: Option<String>,
    bars: Option<u8>,
    note: Option<String>,
}

/// Modems, store, disk, clock and mail, with one verdict over all.
#[utoipa::path(get, path = "/healthz", tag = "health", security((), ("token" = ["read"])),
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(super) async fn show(
    State(app): State<App>,
    Anyone(caller): Anyone,
) -> (StatusCode, Json<Health>) {
    let read = app.store.read(|tx| Ok((tx.last_change()?, tx.modems()?, mail(tx)?))).await;
    let (last_change, modems, mail) = match read {
        Ok((seq, modems, mail)) => (Some(seq), modems, mail),
        Err(_) => (None, Vec::new(), MailHealth::default()),
    };
    let now = app.now();
    let free = free_bytes(app.store.path());
    let store = if last_change.is_some() { Verdict::Ok } else { Verdict::Failed };
    let parts = Parts {
        version: env!("CARGO_PKG_VERSION"),
        store: Store { status: store, last_change },
        disk: Disk {
            status: match free {
                Some(free) if free < app.settings.room_needed => Verdict::Failed,
                Some(free) if free < app.settings.room_needed * 4 => Verdict::Degraded,
                _ => Verdict::Ok,
            },
            free_bytes: free,
            needed_bytes: app.settings.room_needed,
        },
        clock: Clock {
            status: if now < BUILT_AFTER { Verdict::Degraded } else { Verdict::Ok },
            now: now.to_string(),
        },
        modems: modems.into_iter().map(ModemHealth::from).collect(),
        mail,
    };
    let worst = parts.modems.iter().map(|modem| modem.status).max();
    // No modem at all and no modem in order are for a person to mend; the store's queue waits.
    let modems = worst.unwrap_or(Verdict::Degraded).min(Verdict::Degraded);
    let status =
        store.max(parts.disk.status).max(parts.clock.status).max(modems).max(parts.mail.status);
    let code = match status {
        Verdict::Failed => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let reader = caller.is_some_and(|caller| caller.line().is_none());
    (code, Json(Health { status, parts: reader.then_some(parts) }))
}

impl Default for MailHealth {
    fn default() -> Self {
        Self {
            status: Verdict::Ok,
            out: None,
            into: None,
            waiting: 0,
            waiting_since: None,
            quarantined: 0,
            failing: Vec::new(),
        }
    }
}

fn mail(tx: &ReadTx<'_>) -> store::Result<MailHealth> {
    let mut health = MailHealth::default();
    for part in tx.mail_health()? {
        match part.part {
            MailPart::Out => health.out = part.error,
            MailPart::In => health.into = part.error,
        }
    }
    let (waiting, since) = tx.waiting_mails()?;
    health.waiting = waiting;
    health.waiting_since = since.map(|at| at.to_string());
    health.quarantined = tx.mails(true, 500)?.len();
    health.failing = tx.failing_sinks()?.into_iter().map(|sink| sink.address).collect();
    if health.out.is_some() || health.into.is_some() || !health.failing.is_empty() {
        health.status = Verdict::Degraded;
    }
    Ok(health)
}

impl From<Modem> for ModemHealth {
    fn from(modem: Modem) -> Self {
        let status = match modem.state.as_str() {
            "ready" if modem.note.is_none() => Verdict::Ok,
            _ => Verdict::Degraded,
        };
        Self {
            id: modem.id.to_string(),
            line: modem.line.map(|line| line.to_string()),
            status,
            state: modem.state,
            registration: modem.registration,
            bars: modem.bars,
            note: modem.note,
        }
    }
}

/// Room for an unprivileged writer on the file system of `path`.
pub(super) fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// A clock before this was never set: the Pi has no battery (E163).
pub const BUILT_AFTER: UnixTime = UnixTime(1_767_225_600_000); // 2026-01-01
