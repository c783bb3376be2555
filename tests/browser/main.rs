//! The pages in a real browser: the first text, a day's chat, two people at once, every page as it
//! looks, no script, no network, hostile texts, a flood.
//!
//! Runs where Chromium and its driver are (`tests/install.sh`); elsewhere each story says
//! `skipped: why`. Pictures of the pages go into the folder `tmp/pictures` of the build's target
//! folder. Measures are printed: `cargo test --test browser measures:: -- --nocapture --test-threads 1`.

mod chat;
mod driver;
mod first_text;
mod furnish;
mod guide;
#[path = "../support/hostile.rs"]
mod hostile;
mod hostile_page;
mod measures;
mod network;
mod pages;
#[path = "../crash/program.rs"]
#[allow(dead_code)] // the crashes use the rest
mod program;
#[path = "../support/site.rs"]
#[allow(dead_code)] // the stories of the API use the rest
mod site;
mod stage;
mod team;
mod texting;
mod wire;

/// A customer's number.
const TO: &str = "+447700900123";
/// Longer than anything takes on a busy machine.
const PATIENCE: tokio::time::Duration = tokio::time::Duration::from_secs(60);
