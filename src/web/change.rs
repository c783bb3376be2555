//! One change by one caller: checks, rows and the audit line in one transaction. A refusal rolls
//! all of it back.

use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::App;
use super::auth::Caller;
use super::error::WebError;
use crate::store::{ErrorKind, StoreError, WriteTx};
use crate::types::UnixTime;

/// Runs `work` in one transaction and waits for its commit.
pub(super) async fn change<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&WriteTx<'_>, UnixTime) -> Result<T, WebError> + Send + 'static,
) -> Result<T, WebError> {
    let now = app.now();
    let (tell, mut told) = oneshot::channel();
    let done = app.store.write(move |tx| {
        work(tx, now).map_err(|refusal| {
            // The receiver outlives the job.
            let _ = tell.send(refusal);
            StoreError::new(ErrorKind::Constraint, "refused")
        })
    });
    match done.await {
        Ok(value) => Ok(value),
        Err(error) => Err(told.try_recv().unwrap_or_else(|_| error.into())),
    }
}

/// Appends to the audit log: who, what, to which row, which fields. Never a value.
pub(super) fn audit(
    tx: &WriteTx<'_>,
    caller: &Caller,
    action: &str,
    subject: impl ToString,
    mut detail: Value,
    now: UnixTime,
) -> Result<(), WebError> {
    if let (Some(through), Some(detail)) = (caller.through(), detail.as_object_mut()) {
        detail.insert("through".to_owned(), json!(through));
    }
    Ok(tx.audit(&caller.author(), action, Some(subject.to_string()), &detail, now)?)
}
