//! The pages as a person meets them, and what guards them.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use simgate::emulator::{Scenario, Shared, World};
use simgate::store::NewToken;
use simgate::types::Millis;
use simgate::web::{LocalAdmin, Settings, new_link};

use crate::site::{Answer, Site, form, get, request};

const TO: &str = "+447700900123";

fn https() -> Settings {
    Settings { public_url: Some("https://sms.example.org".to_owned()), ..Settings::default() }
}

/// E153: a mail scanner that looks at the link does not spend it; the button does, once.
#[tokio::test]
async fn a_sign_in_link_is_spent_by_its_button_and_not_by_a_look() {
    let site = Site::new().await;
    site.admin().await;
    let key = new_link(&site.app).await.unwrap();
    let path = format!("/signin?key={}", key.expose());
    for _ in 0..3 {
        let looked = site.page(&path, "").await;
        assert_eq!(looked.status, StatusCode::OK);
        assert!(looked.text.contains("Open the inbox"));
        assert_eq!(looked.header("set-cookie"), "");
    }
    let opened = site.ask(form("/signin", "", &[("key", key.expose())])).await;
    assert_eq!((opened.status, opened.header("location")), (StatusCode::SEE_OTHER, "/"));
    let cookie = opened.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("simgate=") && cookie.contains("HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    assert!(!cookie.contains("Secure"));
    let session = cookie.split(';').next().unwrap();
    assert_eq!(site.page("/", session).await.status, StatusCode::OK);

    let again = site.ask(form("/signin", "", &[("key", key.expose())])).await;
    assert_eq!((again.status, again.header("set-cookie")), (StatusCode::GONE, ""));
    let late = new_link(&site.app).await.unwrap();
    site.later(24 * 3_600);
    let late = site.ask(form("/signin", "", &[("key", late.expose())])).await;
    assert_eq!(late.status, StatusCode::GONE);
    assert_eq!(site.page("/", session).await.header("location"), "/signin");
}

/// Whoever has the data folder needs no restart to get in again.
#[tokio::test]
async fn the_owner_of_the_socket_makes_a_new_link() {
    let site = Site::new().await;
    site.admin().await;
    let mut call = request(Method::POST, "/api/v1/sign-in-links").body(Body::empty()).unwrap();
    call.extensions_mut().insert(LocalAdmin);
    let made = site.ask(call).await.json();
    let key = made["path"].as_str().unwrap().strip_prefix("/signin?key=").unwrap().to_owned();
    let opened = site.ask(form("/signin", "", &[("key", &key)])).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn behind_https_the_cookie_insists_on_it_and_on_this_host() {
    let site = Site::with(https()).await;
    site.admin().await;
    let key = new_link(&site.app).await.unwrap();
    let opened = site.ask(form("/signin", "", &[("key", key.expose())])).await;
    let cookie = opened.header("set-cookie");
    assert!(cookie.starts_with("__Host-simgate=") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(opened.header("strict-transport-security"), "max-age=31536000");
    let plain = cookie.split(';').next().unwrap().replace("__Host-", "");
    assert_eq!(site.page("/", &plain).await.header("location"), "/signin");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_not_only_the_cookie() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let out = site.ask(form("/signout", &cookie, &[])).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(site.page("/", &cookie).await.header("location"), "/signin");
}

/// v5.0.0-3.4: every answer carries the headers, also a refusal, an asset and a stream's start.
#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let page = site.page("/", &cookie).await;
    let style =
        page.text.split("href=\"").find(|part| part.starts_with("/assets/simgate-")).unwrap();
    let style = site.get(style.split('"').next().unwrap(), "").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(style.header("cache-control").contains("immutable"));
    let missing = site.get("/nothing", "").await;
    assert_eq!(missing.code(), "not_found");
    assert_eq!(missing.header("cache-control"), "no-store");
    for answer in [&page, &style, &missing, &site.get("/api/v1/tokens", "").await] {
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "script-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{part}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("camera=()"));
    }
    assert!(!page.text.contains("style=") && !page.text.contains("onclick"), "nothing inline");
    assert_eq!(page.text.matches("<script").count(), 1);
    assert!(
        !page.text.contains("http://") && !page.text.contains("https://"),
        "nothing from elsewhere"
    );
}

/// DNS rebinding: another name that points here reads nothing.
#[tokio::test]
async fn the_gateway_answers_to_its_own_names_only() {
    let site = Site::with(https()).await;
    for (host, status) in [
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("localhost:8080", 200),
        ("SMS.example.org", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
    ] {
        let mut call = get("/livez", "");
        call.headers_mut().insert(header::HOST, host.parse().unwrap());
        assert_eq!(site.ask(call).await.status.as_u16(), status, "{host}");
    }
}

#[tokio::test]
async fn another_sites_page_cannot_post_with_the_visitors_cookie() {
    let site = Site::with(https()).await;
    let cookie = site.cookie().await;
    site.receives(TO, "Hello").await;
    let filled = [("key", "k1"), ("line", "1"), ("text", "sent by a stranger")];
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let mut post = form("/threads/1/messages", &cookie, &filled);
        post.headers_mut().insert(name, value.parse().unwrap());
        post.headers_mut().remove(header::ACCEPT);
        assert_eq!(site.ask(post).await.code(), "cross_site", "{name}");
    }
    assert_eq!(site.texts().await, 1);
    let mut own = form("/threads/1/messages", &cookie, &filled);
    own.headers_mut().insert("origin", "https://sms.example.org".parse().unwrap());
    assert_eq!(site.ask(own).await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.texts().await, 2);
}

/// The value of a hidden box.
fn value_of(page: &Answer, name: &str) -> String {
    let start = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    start.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_count_under_the_box_is_that_of_the_codec() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    for (text, words) in [
        ("hello", "5 characters · 1 segment, 155 left · GSM-7"),
        ("h🎉", "2 characters · 1 segment, 67 left · Unicode because of “🎉”: 70 a segment"),
        ("", ""),
    ] {
        let counted = site.ask(form("/messages/count", &cookie, &[("text", text)])).await;
        assert!(counted.text.contains(&format!(">{words}</span>")), "{}", counted.text);
    }
}

/// A change is told to open pages as soon as it is committed; they ask for what they show.
#[tokio::test]
async fn an_open_page_is_told_of_each_text() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let page = site.page("/", &cookie).await;
    let seq = page.text.split("data-seq=\"").nth(1).unwrap().split('"').next().unwrap();
    let live = format!("/live?after={seq}");
    let stream = request(Method::GET, &live).header(header::COOKIE, &cookie);
    let mut events = site.open(stream.body(Body::empty()).unwrap()).await;
    let id = site.receives(TO, "line one\nline two").await;
    loop {
        let event = events.next().await;
        assert!(event.contains("event: change") && !event.contains("line one"), "{event}");
        if event.contains(&format!("\"id\":{id}")) && event.contains("\"kind\":\"message\"") {
            assert!(event.contains("\"conversation\":1"), "{event}");
            break;
        }
    }
}

#[tokio::test]
async fn a_person_gets_a_page_where_a_program_gets_a_problem() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let page = site.page("/nothing", &cookie).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(
        page.header("content-type").starts_with("text/html")
            && page.text.contains("There is nothing here")
    );
    assert_eq!(site.page("/", "").await.header("location"), "/signin");
    assert_eq!(site.page("/api/v1/nothing", &cookie).await.code(), "not_found");
    assert_eq!(site.page("/signin", "").await.status, StatusCode::OK);
    let reference = site.page("/docs/api", &cookie).await;
    assert!(reference.text.contains("/api/v1/messages/{id}/resend"));
    // A method an address does not take.
    let mut call = get("/api/v1/lines", &site.token(&["read"]).await);
    *call.method_mut() = Method::PUT;
    assert_eq!(site.ask(call).await.code(), "method_not_allowed");
}

/// A revoked or foreign secret in any place opens nothing.
#[tokio::test]
async fn a_stolen_hash_is_no_token() {
    let site = Site::new().await;
    let now = site.app.now();
    let made = NewToken {
        name: "x".into(),
        secret: simgate::types::Secret::new("sg_secret"),
        scopes: vec!["admin".into()],
        line: None,
        expires_at: None,
    };
    site.app.store.write(move |tx| tx.create_token(&made, now)).await.unwrap();
    assert_eq!(site.get("/api/v1/tokens", "sg_secret").await.status, StatusCode::OK);
    for wrong in ["", "sg_", "sg_secre", "sg_secret2", "Bearer sg_secret"] {
        assert_eq!(site.get("/api/v1/tokens", wrong).await.code(), "unauthorized", "{wrong}");
    }
}

/// WCAG 2.2, 1.4.3 and 1.4.11: counted from the stylesheet itself, for both themes.
#[test]
fn the_colours_of_both_themes_have_enough_contrast() {
    let style = include_str!("../../src/web/assets/simgate.css");
    let (light, rest) = style.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = rest.split_once("}\n}").unwrap().0;
    let pairs = [
        ("ink", "paper", 4.5),
        ("ink", "sheet", 4.5),
        ("quiet", "paper", 4.5),
        ("quiet", "sheet", 4.5),
        ("in-ink", "in", 4.5),
        ("out-ink", "out", 4.5),
        ("accent", "sheet", 4.5),
        ("accent", "paper", 4.5),
        ("accent", "accent-soft", 4.5),
        ("on-accent", "accent", 4.5),
        ("good", "paper", 4.5),
        ("good", "sheet", 4.5),
        ("warn", "paper", 4.5),
        ("warn", "warn-soft", 4.5),
        ("bad", "paper", 4.5),
        ("bad", "sheet", 4.5),
        ("bad", "bad-soft", 4.5),
        ("edge", "sheet", 3.0),
        ("edge", "paper", 3.0),
    ];
    for (theme, tokens) in [("light", light), ("dark", dark)] {
        for (front, back, least) in pairs {
            let ratio = contrast(colour(tokens, front), colour(tokens, back));
            assert!(ratio >= least, "{theme}: {front} on {back} is {ratio:.2}");
        }
    }
}

fn colour(tokens: &str, name: &str) -> [f64; 3] {
    let hex = tokens.split(&format!(" --{name}: #")).nth(1).unwrap();
    let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
    [part(0), part(2), part(4)]
}

/// The ratio of WCAG 2.2 with its relative luminance.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
    let light = |c: [f64; 3]| 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
    let (one, other) = (light(a) + 0.05, light(b) + 0.05);
    one.max(other) / one.min(other)
}

/// The demonstration's handsets: a text typed on one is in the network, and a new handset appears.
#[tokio::test]
async fn a_visitor_of_the_demo_texts_from_a_simulated_phone() {
    let mut site = Site::new().await;
    let cookie = site.cookie().await;
    assert_eq!(site.page("/demo/phones", &cookie).await.status, StatusCode::NOT_FOUND);
    let world = World::new(Scenario::plain(1, "generic"), site.app.now()).unwrap();
    site.mount(Shared::new(world, || Millis(1_000), || {}));

    let added = site.ask(form("/demo/phones", &cookie, &[("number", "+447700900200")])).await;
    assert_eq!(added.header("location"), "/demo/phones", "{}", added.text);
    let page = site.page("/demo/phones", &cookie).await;
    assert!(page.text.contains("id=\"phone-447700900200\""), "{}", page.text);
    let sim = value_of(&page, "to");
    let typed = [("to", sim.as_str()), ("text", "Hello 👩‍🚀\nand <b>more</b>")];
    let sent = site.ask(form("/demo/phones/+447700900200", &cookie, &typed)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let page = site.page("/demo/phones", &cookie).await;
    assert!(page.text.contains("and &#60;b&#62;more&#60;/b&#62;"), "{}", page.text);

    let off = site.ask(form("/demo/phones/+447700900200", &cookie, &[("switch", "1")])).await;
    assert_eq!(off.status, StatusCode::SEE_OTHER);
    assert!(site.page("/demo/phones", &cookie).await.text.contains("Switch on"));
    let empty = [("to", sim.as_str()), ("text", " ")];
    let empty = site.ask(form("/demo/phones/+447700900200", &cookie, &empty)).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nobody = site.ask(form("/demo/phones/+447700900299", &cookie, &typed)).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/demo/phones", "").await.code(), "unauthorized");
}
