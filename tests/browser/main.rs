//! The pages in a real browser: live arrival, two people at once, a phone, no script, no network,
//! hostile texts, a flood.
//!
//! Runs where Chromium and its driver are (`tests/install.sh`); elsewhere each story says
//! `skipped: why`. Pictures of the pages go into the folder `tmp` of the build's target folder.

mod driver;
#[path = "../support/hostile.rs"]
mod hostile;
mod hostile_page;
mod network;
mod pictures;
mod settings;
#[path = "../support/site.rs"]
#[allow(dead_code)] // the stories of the API use the rest
mod site;
mod stage;
mod team;
mod texting;

use stage::Stage;

/// A customer's number.
const TO: &str = "+447700900123";
