//! A long text comes in and one goes out with reports, the process ended before and after every
//! commit of the database.

use std::sync::atomic::Ordering;

use simgate::store::Moment;
use simgate::types::{MessageState, Millis};

use crate::whole::Whole;

/// Plays the reference scenario; how many commits it took, and whether the text is unknown.
async fn reference(cut: Option<(u64, Moment)>) -> Result<(u64, usize), String> {
    let mut whole = Whole::new(&["generic"]);
    if let Some((commits, moment)) = cut {
        whole.trip.arm(commits, moment);
    }
    whole.start().await;
    whole.pass(Millis(2_000)).await;
    whole.receive(0, 3);
    whole.send(0, 3, true).await;
    whole.pass(Millis::from_secs(20)).await;
    let commits = whole.trip.commits.load(Ordering::SeqCst);
    whole.calm().await?;
    Ok((commits, whole.count(MessageState::Unknown).await))
}

async fn every_commit(moment: Moment) {
    let (commits, unknown) = reference(None).await.expect("nothing went wrong");
    assert_eq!(unknown, 0);
    let mut unknown = 0;
    for n in 0..commits {
        match reference(Some((n, moment))).await {
            Ok((_, more)) => unknown += more,
            Err(broken) => panic!("ended {moment:?} commit {n} of {commits}: {broken}"),
        }
    }
    println!("{moment:?} each of {commits} commits: {unknown} texts ended as unknown");
}

/// Fault 66: what is not committed has not happened, whatever the modem was told before.
#[tokio::test(start_paused = true)]
async fn the_process_may_die_before_every_commit() {
    every_commit(Moment::Before).await;
}

/// Fault 66: what is committed has happened, although nobody heard so.
#[tokio::test(start_paused = true)]
async fn the_process_may_die_after_every_commit() {
    every_commit(Moment::After).await;
}
