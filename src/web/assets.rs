//! The stylesheet, the module and the icons, embedded in the binary.
//!
//! Each has the hash of its content in its name, so that browsers may keep it for ever and an
//! upgraded gateway is never shown with an old stylesheet.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use ring::digest;

use super::error::WebError;

/// One embedded file and the address it is served under.
struct Asset {
    path: String,
    kind: &'static str,
    content: &'static [u8],
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("simgate", "css", "text/css; charset=utf-8", include_bytes!("assets/simgate.css"))
});
static MODULE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "simgate",
        "js",
        "text/javascript; charset=utf-8",
        include_bytes!("assets/simgate.js"),
    )
});
static ICONS: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("icons", "svg", "image/svg+xml", include_bytes!("assets/icons.svg"))
});
static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("mark", "svg", "image/svg+xml", include_bytes!("assets/mark.svg")));
static SMALL: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("icon-192", "png", "image/png", include_bytes!("assets/icon-192.png"))
});
static LARGE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("icon-512", "png", "image/png", include_bytes!("assets/icon-512.png"))
});

impl Asset {
    fn new(name: &str, extension: &str, kind: &'static str, content: &'static [u8]) -> Self {
        let hash = digest::digest(&digest::SHA256, content);
        let short: String = hash.as_ref().iter().take(6).map(|b| format!("{b:02x}")).collect();
        Self { path: format!("/assets/{name}-{short}.{extension}"), kind, content }
    }
}

/// The addresses that templates write.
pub(super) struct Addresses;

impl Addresses {
    pub(super) fn style(&self) -> &'static str {
        &STYLE.path
    }

    pub(super) fn module(&self) -> &'static str {
        &MODULE.path
    }

    pub(super) fn icons(&self) -> &'static str {
        &ICONS.path
    }

    pub(super) fn icon_small(&self) -> &'static str {
        &SMALL.path
    }

    pub(super) fn icon_large(&self) -> &'static str {
        &LARGE.path
    }

    pub(super) fn mark(&self) -> &'static str {
        &MARK.path
    }
}

/// One embedded file.
pub(super) async fn show(Path(name): Path<String>) -> Result<Response, WebError> {
    let all = [&STYLE, &MODULE, &ICONS, &MARK, &SMALL, &LARGE];
    let asset = all.into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&name));
    let asset = asset.ok_or_else(WebError::not_found)?;
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, asset.content).into_response())
}
