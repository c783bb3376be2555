//! A QR code as a picture in the page itself: nothing is fetched, nothing is inline but the shape.

use askama::Template;
use qrcode::{Color, EcLevel, QrCode};

use super::error::WebError;

/// A QR code, rendered.
#[derive(Template)]
#[template(path = "qr.html", config = "src/web/askama.toml")]
pub(super) struct Qr {
    /// What it says, for who cannot see it.
    label: String,
    /// Width and height in modules, with the quiet zone of four around.
    size: usize,
    path: String,
}

impl Qr {
    /// The picture of `content`.
    pub(super) fn new(content: &str, label: impl Into<String>) -> Result<Self, WebError> {
        let code = QrCode::with_error_correction_level(content, EcLevel::M)
            .map_err(|error| WebError::internal(error.to_string()))?;
        let width = code.width();
        let mut path = String::new();
        for (index, color) in code.to_colors().iter().enumerate() {
            if *color == Color::Dark {
                let (x, y) = (index % width + QUIET, index / width + QUIET);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Ok(Self { label: label.into(), size: width + 2 * QUIET, path })
    }
}

const QUIET: usize = 4;
