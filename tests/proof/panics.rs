//! Mistakes of ours: a task panics wherever it waits, the others live, and it is started anew.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use simgate::io::{Candidate, OpenError, Port, PortSource};
use simgate::types::Millis;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::random_lives::number;
use crate::whole::Whole;

/// Ports at which the task that uses one panics once, after so many looks at it.
struct Frail {
    ports: Arc<dyn PortSource>,
    /// Looks that still pass; below zero all do.
    left: Arc<AtomicI64>,
}

impl PortSource for Frail {
    fn candidates(&self) -> Vec<Candidate> {
        self.ports.candidates()
    }

    fn open<'a>(
        &'a self,
        candidate: &'a Candidate,
    ) -> BoxFuture<'a, Result<Box<dyn Port>, OpenError>> {
        Box::pin(async {
            let port = self.ports.open(candidate).await?;
            Ok(Box::new(FrailPort { port, left: Arc::clone(&self.left) }) as Box<dyn Port>)
        })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.ports.changed()
    }
}

struct FrailPort {
    port: Box<dyn Port>,
    left: Arc<AtomicI64>,
}

impl FrailPort {
    fn look(&mut self) -> Pin<&mut dyn Port> {
        assert!(self.left.fetch_sub(1, Ordering::SeqCst) != 0, "a mistake, made on purpose");
        Pin::new(&mut *self.port)
    }
}

impl AsyncRead for FrailPort {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.look().poll_read(cx, buf)
    }
}

impl AsyncWrite for FrailPort {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.look().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.look().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.look().poll_shutdown(cx)
    }
}

/// Places where nobody can look without a mistake.
struct Broken;

impl PortSource for Broken {
    fn candidates(&self) -> Vec<Candidate> {
        panic!("a mistake, made on purpose");
    }

    fn open<'a>(&'a self, at: &'a Candidate) -> BoxFuture<'a, Result<Box<dyn Port>, OpenError>> {
        Box::pin(async { Err(OpenError::Missing(at.name.clone())) })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// Fault 81: whoever runs a gateway hears that nobody looks after its tasks any more, and can end it.
#[tokio::test(start_paused = true)]
async fn a_gateway_whose_supervisor_panics_says_so() {
    let mut whole = Whole::new(&["generic"]);
    whole.ports = Arc::new(Broken);
    whole.start().await;
    let error = whole.failed().await;
    assert!(error.to_string().contains("supervisor"), "{error:#}");
}

/// Two modems, a long text each way at each, and a panic of one of their tasks; gives the number of looks.
async fn reference(panics_at: i64) -> Result<i64, String> {
    let mut whole = Whole::new(&["generic", "huawei"]);
    let left = Arc::new(AtomicI64::new(panics_at));
    whole.ports = Arc::new(Frail { ports: whole.ports.clone(), left: Arc::clone(&left) });
    whole.start().await;
    whole.pass(Millis(2_000)).await;
    for modem in 0..2 {
        whole.receive(modem, 3);
        whole.send(modem, 3, true).await;
    }
    whole.pass(Millis::from_secs(20)).await;
    let looks = panics_at - left.load(Ordering::SeqCst);
    let counted = whole.panics().await;
    whole.calm().await?;
    match counted == u64::from(panics_at >= 0) {
        true => Ok(looks),
        false => Err(format!("{counted} panics were counted")),
    }
}

/// Fault 81: the task of a modem panics whenever it waits for its port. No text is lost or doubled, the
/// other modem's goes on, and both are ready in the end.
#[tokio::test(start_paused = true)]
async fn the_task_of_a_modem_may_panic_wherever_it_waits() {
    let looks = reference(-1).await.expect("nothing went wrong");
    let step = usize::try_from(number("SIMGATE_CUT_EVERY", 13).max(1)).expect("a step");
    println!("{looks} looks at a port, a panic at each {step}th");
    for n in (0..looks).step_by(step) {
        reference(n).await.unwrap_or_else(|broken| panic!("at look {n} of {looks}: {broken}"));
    }
}
