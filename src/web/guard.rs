//! What every request passes before a handler sees it, and every answer before it leaves.
//!
//! Answers carry the headers of a page that needs nothing from anybody else. Requests must name
//! this gateway as their host, or a page of another site could point its own name at us (DNS
//! rebinding) and read with the visitor's browser. Absent here: who may do what (`auth`).

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::csrf::CsrfLayer;

use super::auth::LocalAdmin;
use super::error::{Code, WebError};
use super::{App, Settings};

/// Everything comes from here and nothing inline: a text that looks like a script stays a text.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
    form-action 'self'; require-trusted-types-for 'script'; trusted-types simgate";

const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), \
         display-capture=(), midi=(), accelerometer=(), gyroscope=(), magnetometer=()",
    ),
];

/// Puts the security headers on every answer; nothing is kept by caches unless a handler says so.
pub(super) async fn headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Not for our own certificate: a browser that insists lets nobody past its warning any more.
    if app.settings.public_https() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// Refuses a request that names another host than this gateway.
pub(super) async fn host(State(app): State<App>, request: Request, next: Next) -> Response {
    let local = request.extensions().get::<LocalAdmin>().is_some();
    if local || named_host(&request).is_some_and(|host| answers_to(&app.settings, &host)) {
        return next.run(request).await;
    }
    let detail = "Open the gateway by its IP address or localhost, or set public_url to this name.";
    WebError::new(Code::HostUnknown, detail).into_response()
}

/// The host the client believes it talks to, without port, in lower case.
fn named_host(request: &Request) -> Option<String> {
    let header = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    let authority = match header {
        Some(text) => text.parse().ok()?,
        None => request.uri().authority()?.clone(),
    };
    Some(authority.host().trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase())
}

/// Addresses are safe: rebinding needs a name that an attacker's DNS answers for.
fn answers_to(settings: &Settings, host: &str) -> bool {
    let address = host.parse::<Ipv4Addr>().is_ok() || host.parse::<Ipv6Addr>().is_ok();
    let loopback = host == "localhost" || host.ends_with(".localhost");
    address || loopback || settings.public_host().is_some_and(|public| public == host)
}

/// Refuses what another site's page sends with the visitor's cookie, by `Sec-Fetch-Site` and
/// `Origin`; a proxy in front may change `Host`, so the public origin is trusted by name.
pub(super) fn cross_site(
    settings: &Settings,
) -> CsrfLayer<impl Fn(tower_http::csrf::ProtectionError) -> Response + Clone + use<>> {
    let origin = settings.public_origin();
    let layer = CsrfLayer::new();
    let layer = match origin.map(|origin| layer.clone().add_trusted_origin(origin)) {
        Some(Ok(trusting)) => trusting,
        // A public_url that is no origin is refused by `config` before it comes here.
        Some(Err(_)) | None => layer,
    };
    layer.with_rejection_response(|_| {
        let detail = "Send the form from the gateway's own page.";
        WebError::new(Code::CrossSite, detail).into_response()
    })
}

impl Settings {
    /// Whether people reach the gateway by HTTPS, so that cookies may insist on it.
    pub(super) fn secure(&self) -> bool {
        self.tls || self.public_https()
    }

    /// Whether people reach the gateway under a public name by HTTPS.
    fn public_https(&self) -> bool {
        self.public().is_some_and(|uri| uri.scheme_str() == Some("https"))
    }

    fn public(&self) -> Option<Uri> {
        self.public_url.as_deref()?.parse().ok()
    }

    fn public_host(&self) -> Option<String> {
        Some(self.public()?.host()?.trim_matches(['[', ']']).to_ascii_lowercase())
    }

    /// `https://host[:port]` as a browser writes it: lower case, default port left out.
    fn public_origin(&self) -> Option<String> {
        let uri = self.public()?;
        let scheme = uri.scheme_str()?;
        let host = uri.host()?.to_ascii_lowercase();
        let default = if scheme == "https" { 443 } else { 80 };
        Some(match uri.port_u16().filter(|port| *port != default) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// DNS rebinding: a name that we were not given is not ours.
    #[test]
    fn the_gateway_answers_to_addresses_loopback_names_and_its_public_name() {
        let settings = Settings {
            public_url: Some("https://SMS.example.org:443/".to_owned()),
            ..Settings::default()
        };
        for host in
            ["127.0.0.1", "::1", "192.168.1.9", "localhost", "a.localhost", "sms.example.org"]
        {
            assert!(answers_to(&settings, host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "sms.example.org.evil.example", ""] {
            assert!(!answers_to(&settings, host), "{host}");
        }
        assert_eq!(settings.public_origin().as_deref(), Some("https://sms.example.org"));
        assert!(settings.secure());
    }
}
