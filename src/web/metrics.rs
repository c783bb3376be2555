//! `/metrics`: counts for Prometheus and its kin, in OpenMetrics text.
//!
//! Everything is read from the store at the moment of asking, so there is nothing to keep up to
//! date and nothing to lose at a restart. No number and no text is ever a label.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::App;
use super::error::WebError;
use super::health::free_bytes;
use crate::types::MessageState;

/// The states a text can wait in; each is always there, so that a graph has no holes.
const OPEN: &[MessageState] =
    &[MessageState::Queued, MessageState::Submitting, MessageState::Unknown, MessageState::Held];

type Labels = Vec<(&'static str, String)>;

/// Counts and gauges.
#[utoipa::path(get, path = "/metrics", tag = "health",
    responses((status = 200, description = "OpenMetrics 1.0", body = String, content_type = "application/openmetrics-text")))]
pub(super) async fn show(State(app): State<App>) -> Result<Response, WebError> {
    let read =
        app.store.read(|tx| Ok((tx.open_counts()?, tx.modems()?, tx.last_change()?, tx.panics()?)));
    let (counts, modems, last_change, panics) = read.await?;
    let mut registry = Registry::with_prefix("simgate");

    let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The running version", build);

    let messages = Family::<Labels, Gauge>::default();
    for state in OPEN {
        let count =
            counts.iter().filter(|(of, _)| of == state).map(|(_, count)| *count).sum::<u32>();
        let labels = vec![("state", state.as_str().to_owned())];
        messages.get_or_create(&labels).set(i64::from(count));
    }
    registry.register(
        "open_messages",
        "Texts that the gateway or a person must still deal with",
        messages,
    );

    let ready = Family::<Labels, Gauge>::default();
    let bars = Family::<Labels, Gauge>::default();
    let signal = Family::<Labels, Gauge>::default();
    let used = Family::<Labels, Gauge>::default();
    let total = Family::<Labels, Gauge>::default();
    for modem in &modems {
        let labels = vec![("modem", modem.id.to_string())];
        ready.get_or_create(&labels).set(i64::from(modem.state == "ready"));
        if let Some(value) = modem.bars {
            bars.get_or_create(&labels).set(i64::from(value));
        }
        if let Some(value) = modem.signal_dbm {
            signal.get_or_create(&labels).set(i64::from(value));
        }
        if let Some((_, filled, places)) = &modem.storage {
            used.get_or_create(&labels).set(i64::from(*filled));
            total.get_or_create(&labels).set(i64::from(*places));
        }
    }
    registry.register("modem_ready", "1 while the modem sends and receives", ready);
    registry.register("modem_bars", "Signal, 0 to 5", bars);
    registry.register("modem_signal_dbm", "Signal strength in dBm", signal);
    registry.register("modem_storage_used", "Places taken in the fullest message storage", used);
    registry.register("modem_storage_places", "Places in that storage", total);

    let failed = Family::<Labels, Counter>::default();
    for panicked in panics {
        failed.get_or_create(&vec![("task", panicked.task)]).inc_by(panicked.count);
    }
    registry.register(
        "panics",
        "How often a part of the gateway failed and was started anew",
        failed,
    );

    let changes: Gauge = Gauge::default();
    changes.set(last_change);
    registry.register("last_change", "Number of the newest committed change", changes);
    if let Some(free) = free_bytes(app.store.path()) {
        let gauge: Gauge = Gauge::default();
        gauge.set(i64::try_from(free).unwrap_or(i64::MAX));
        registry.register_with_unit(
            "disk_free",
            "Room on the disk of the store",
            Unit::Bytes,
            gauge,
        );
    }

    let mut text = String::new();
    encode(&mut text, &registry).map_err(WebError::internal)?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
