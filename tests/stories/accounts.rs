//! Accounts: the first admin, passwords, second factors, signed-in browsers, and who may do what.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use simgate::store::{LineId, Role};
use simgate::types::Secret;
use simgate::web::{Access, LocalAdmin, Settings, needs_setting_up, new_link, routes};
use std::net::SocketAddr;
use totp_rs::{Algorithm, Builder, Totp};

use crate::site::{Answer, Site, form, request};

const PASSWORD: &str = "correct horse battery";

/// A site whose admin Ada has a password.
async fn with_ada() -> Site {
    let site = Site::new().await;
    let ada = site.admin().await;
    site.set_password(ada, PASSWORD).await;
    site
}

fn session(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

async fn sign_in(site: &Site, email: &str, password: &str) -> Answer {
    site.ask(form("/signin", "", &[("email", email), ("password", password)])).await
}

/// From another machine of the network.
fn from(mut call: Request<Body>, last: u8) -> Request<Body> {
    let peer = SocketAddr::from(([192, 0, 2, last], 40_000));
    call.extensions_mut().insert(ConnectInfo(peer));
    call
}

/// D15: there is no default password; the printed link makes the first admin, once, and the
/// password chosen there signs in from then on.
#[tokio::test]
async fn the_printed_link_makes_the_first_admin_once() {
    let site = Site::new().await;
    assert!(needs_setting_up(&site.app).await.unwrap());
    let door = site.page("/signin", "").await;
    assert!(door.text.contains("Nobody can sign in yet"), "{}", door.text);
    let key = new_link(&site.app).await.unwrap();
    let other = new_link(&site.app).await.unwrap();
    let page = site.page(&format!("/signin?key={}", key.expose()), "").await;
    assert!(page.text.contains("makes you the admin"), "{}", page.text);

    let filled = |key: &Secret, password: &str| {
        let fields = [
            ("key", key.expose()),
            ("first_name", "Ada"),
            ("last_name", "Lovelace"),
            ("email", "ada@example.org"),
            ("password", password),
        ];
        form("/signin/first", "", &fields)
    };
    let weak = site.ask(filled(&key, "short")).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.text.contains("A password has 10 to 200 characters."), "{}", weak.text);
    assert!(weak.text.contains("value=\"ada@example.org\""), "what was typed stays");
    assert!(!weak.text.contains("value=\"short\""), "but for the password");
    let made = site.ask(filled(&key, PASSWORD)).await;
    assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(site.page("/", &session(&made)).await.status, StatusCode::OK);
    assert!(!needs_setting_up(&site.app).await.unwrap());

    let again = site.ask(filled(&key, PASSWORD)).await;
    assert_eq!((again.status, again.header("set-cookie")), (StatusCode::GONE, ""));
    let second = site.ask(filled(&other, PASSWORD)).await;
    assert_eq!(second.status, StatusCode::GONE, "no second first admin");
    let users = site.app.store.read(|tx| tx.users()).await.unwrap();
    assert_eq!(users.len(), 1);
    let signed_in = sign_in(&site, "ADA@example.org ", PASSWORD).await;
    assert_eq!(signed_in.status, StatusCode::SEE_OTHER);
}

/// 3.1: whoever guesses learns neither who has an account nor what was wrong.
#[tokio::test]
async fn one_sentence_answers_everything_that_is_wrong() {
    let site = with_ada().await;
    let agent = site.user("Bob", Role::Agent).await;
    site.user("Cleo", Role::Notified).await;
    let page = |answer: Answer, email: &str| {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email}");
        assert_eq!(answer.header("set-cookie"), "", "{email}");
        assert!(answer.text.contains("Address or password is not right."), "{email}");
        answer.text.replace(email, "somebody")
    };
    let mut answers = Vec::new();
    for email in ["ada@example.org", "bob@example.org", "cleo@example.org", "nobody@example.org"] {
        answers.push(page(sign_in(&site, email, "wrong horse battery").await, email));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));

    site.set_password(agent, PASSWORD).await;
    let bob = sign_in(&site, "bob@example.org", PASSWORD).await;
    assert_eq!(bob.status, StatusCode::SEE_OTHER);
    site.deactivate(agent).await;
    assert_eq!(site.page("/", &session(&bob)).await.header("location"), "/signin", "out at once");
    page(sign_in(&site, "bob@example.org", PASSWORD).await, "bob@example.org");
}

/// 3.1: guessing is slow from one address and for one account; who signed in from somewhere before
/// is not locked out by others.
#[tokio::test]
async fn guessing_is_slow_and_locks_nobody_else_out() {
    let site = with_ada().await;
    let attempt = async |last: u8, password: &str| {
        let fields = [("email", "ada@example.org"), ("password", password)];
        site.ask(from(form("/signin", "", &fields), last)).await
    };
    assert_eq!(attempt(1, PASSWORD).await.status, StatusCode::SEE_OTHER);
    for _ in 0..5 {
        assert_eq!(attempt(66, "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let slow = attempt(66, PASSWORD).await;
    assert_eq!(slow.status, StatusCode::TOO_MANY_REQUESTS, "even when it is right");
    assert!(slow.text.contains("Too many tries. Wait 1 minute"), "{}", slow.text);
    for last in 100..118 {
        attempt(last, "wrong").await;
    }
    assert_eq!(attempt(200, "wrong").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(attempt(1, PASSWORD).await.status, StatusCode::SEE_OTHER, "Ada at her desk");
    site.later(3_600);
    assert_eq!(attempt(66, PASSWORD).await.status, StatusCode::SEE_OTHER);
}

/// D15: a second factor is scanned, confirmed and asked for; each code is good once, and a recovery
/// code stands in for a lost phone, once.
#[tokio::test]
async fn a_second_factor_is_asked_for_and_no_code_is_good_twice() {
    let site = with_ada().await;
    let cookie = session(&sign_in(&site, "ada@example.org", PASSWORD).await);
    let other = session(&sign_in(&site, "ada@example.org", PASSWORD).await);
    let refused = site.ask(form("/account/second-factor", &cookie, &[("current", "wrong")])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("not your present password"), "{}", refused.text);
    site.ask(form("/account/second-factor", &cookie, &[("current", PASSWORD)])).await;
    let scan = site.page("/account/second-factor", &cookie).await;
    assert!(scan.text.contains("<svg class=\"qr\""), "{}", scan.text);
    let spelled = scan.text.split("type: <code>").nth(1).unwrap().split('<').next().unwrap();
    let totp = authenticator(spelled);

    let wrong = form("/account/second-factor/confirm", &cookie, &[("code", "000000")]);
    assert_eq!(site.ask(wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = |site: &Site| totp.generate(site.app.now().0.cast_unsigned() / 1_000).to_string();
    let on = form("/account/second-factor/confirm", &cookie, &[("code", &code(&site))]);
    let on = site.ask(on).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text);
    let written: Vec<String> = on
        .text
        .split("<li><code>")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(written.len(), 10);
    assert_eq!(site.page("/", &other).await.header("location"), "/signin", "others start anew");
    assert_eq!(site.page("/account/second-factor", &cookie).await.header("location"), "/account");

    let step = async |given: &str| {
        let asked = sign_in(&site, "ada@example.org", PASSWORD).await;
        assert_eq!((asked.status, asked.header("set-cookie")), (StatusCode::OK, ""));
        let key = asked.text.split("name=\"key\" value=\"").nth(1).unwrap();
        let key = key.split('"').next().unwrap().to_owned();
        site.ask(form("/signin/code", "", &[("key", &key), ("code", given)])).await
    };
    let used = step(&code(&site)).await;
    assert_eq!(used.status, StatusCode::UNPROCESSABLE_ENTITY, "it was used to turn it on");
    site.later(30);
    let fresh = code(&site);
    assert_eq!(step(&fresh).await.status, StatusCode::SEE_OTHER);
    assert_eq!(step(&fresh).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(step(&written[0].to_uppercase()).await.status, StatusCode::SEE_OTHER);
    assert_eq!(step(&written[0]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(step(&written[1]).await.status, StatusCode::SEE_OTHER);
}

fn authenticator(spelled: &str) -> Totp {
    let secret = totp_rs::Secret::try_from_base32(spelled.replace(' ', "")).unwrap();
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_secret(secret)
        .with_account_name("ada")
        .build()
        .unwrap()
}

/// D15: an admin invites; the link lets the person choose a password, once.
#[tokio::test]
async fn an_invited_person_chooses_a_password() {
    let site = with_ada().await;
    let admin = site.cookie().await;
    let fields = [("first_name", "Bob"), ("email", "bob@example.org"), ("role", "agent")];
    let made = site.ask(form("/people", &admin, &fields)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let page = made.header("location").split('?').next().unwrap().to_owned();
    let shown = site.ask(form(&format!("{page}/invite"), &admin, &[])).await;
    let key = shown.text.split("/signin?key=").nth(1).unwrap().split('<').next().unwrap();
    let look = site.page(&format!("/signin?key={key}"), "").await;
    assert!(look.text.contains("Choose a password"), "{}", look.text);
    let choose =
        |password: &str| form("/signin/invited", "", &[("key", key), ("password", password)]);
    let weak = site.ask(choose("bob@example.org")).await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    let inside = site.ask(choose(PASSWORD)).await;
    assert_eq!(inside.status, StatusCode::SEE_OTHER);
    assert_eq!(site.page("/people", &session(&inside)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.ask(choose(PASSWORD)).await.status, StatusCode::GONE);
    assert_eq!(sign_in(&site, "bob@example.org", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

/// D15: a new password and "sign out everywhere" end the other browsers, and nobody ends another's.
#[tokio::test]
async fn browsers_are_listed_and_signed_out() {
    let site = with_ada().await;
    let mut call = form("/signin", "", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    call.headers_mut().insert(header::USER_AGENT, agent.parse().unwrap());
    let phone = session(&site.ask(from(call, 7)).await);
    let desk = session(&sign_in(&site, "ada@example.org", PASSWORD).await);
    let page = site.page("/account", &desk).await;
    assert!(page.text.contains("Firefox on Linux") && page.text.contains("192.0.2.7"));
    assert!(page.text.contains("this one"));

    let bob = site.user("Bob", Role::Agent).await;
    let bob = site.cookie_of(bob).await;
    let foreign = site.ask(form("/account/sessions/1/end", &bob, &[])).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(site.page("/", &phone).await.status, StatusCode::OK);
    site.ask(form("/account/sessions/1/end", &desk, &[])).await;
    assert_eq!(site.page("/", &phone).await.header("location"), "/signin");

    let phone = session(&sign_in(&site, "ada@example.org", PASSWORD).await);
    site.ask(form("/account/sessions/end", &desk, &[])).await;
    assert_eq!(site.page("/", &phone).await.header("location"), "/signin");
    let phone = session(&sign_in(&site, "ada@example.org", PASSWORD).await);
    let fields = [("current", PASSWORD), ("password", "another horse battery")];
    let changed = site.ask(form("/account/password", &desk, &fields)).await;
    assert_eq!(changed.header("location"), "/account?done=password", "{}", changed.text);
    assert_eq!(site.page("/", &phone).await.header("location"), "/signin");
    assert_eq!(site.page("/account", &desk).await.status, StatusCode::OK);
}

/// D15: unused for twelve hours a session ends, and after thirty days however much it was used.
#[tokio::test]
async fn a_session_ends_when_idle_and_in_any_case_after_a_month() {
    let site = with_ada().await;
    let idle = site.cookie().await;
    site.later(12 * 3_600);
    assert_eq!(site.page("/", &idle).await.header("location"), "/signin");
    let busy = site.cookie().await;
    for _ in 0..65 {
        site.later(11 * 3_600);
        assert_eq!(site.page("/account", &busy).await.status, StatusCode::OK);
    }
    site.later(6 * 3_600);
    assert_eq!(site.page("/account", &busy).await.header("location"), "/signin");
}

/// A gateway that made its certificate itself says why browsers warn and what to compare; one that
/// did not, does not.
#[tokio::test]
async fn the_browsers_warning_is_explained_before_the_first_sign_in() {
    let print = "AB:CD:EF:01";
    let settings = Settings { self_signed: Some(print.to_owned()), ..Settings::default() };
    let site = Site::with(settings).await;
    assert!(site.page("/signin", "").await.text.contains("href=\"/certificate\""));
    let page = site.page("/certificate", "").await.text;
    assert!(page.contains(print) && page.contains("somebody stands between"), "{page}");
    let known = Site::new().await;
    assert!(!known.page("/signin", "").await.text.contains("/certificate"));
    let page = known.page("/certificate", "").await.text;
    assert!(page.contains("do not go on"), "{page}");
}

/// Cookies of a gateway that speaks TLS itself insist on it and on this host.
#[tokio::test]
async fn with_our_own_certificate_cookies_insist_on_tls() {
    let site = Site::with(Settings { tls: true, ..Settings::default() }).await;
    site.admin().await;
    let key = new_link(&site.app).await.unwrap();
    let opened = site.ask(form("/signin", "", &[("key", key.expose())])).await;
    let cookie = opened.header("set-cookie");
    assert!(cookie.starts_with("__Host-simgate=") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(opened.header("strict-transport-security"), "", "a warning can be passed");
}

/// One kind of caller: what it sends along, and what it may do.
struct Kind {
    name: &'static str,
    cookie: String,
    token: String,
    local: bool,
    read: bool,
    send: bool,
    admin: bool,
}

impl Kind {
    fn may(&self, access: Access) -> bool {
        match access {
            Access::Public => true,
            Access::Account => !self.cookie.is_empty(),
            Access::Read => self.read,
            Access::Send => self.send,
            Access::Admin => self.admin,
        }
    }
}

async fn kinds(site: &Site, line: LineId) -> Vec<Kind> {
    let user = async |name: &'static str, role: Role, read, send, admin| {
        let id = site.user(name, role).await;
        let cookie = site.cookie_of(id).await;
        Kind { name, cookie, token: String::new(), local: false, read, send, admin }
    };
    let token = async |name: &'static str, scopes: &[&str], bound, read, send, admin| {
        let token = site.bound_token(scopes, bound).await;
        Kind { name, cookie: String::new(), token, local: false, read, send, admin }
    };
    let nobody = |name, local, all| Kind {
        name,
        cookie: String::new(),
        token: String::new(),
        local,
        read: all,
        send: all,
        admin: all,
    };
    vec![
        nobody("Nobody", false, false),
        nobody("Socket", true, true),
        user("Ann", Role::Admin, true, true, true).await,
        user("Bob", Role::Agent, true, true, false).await,
        user("Vic", Role::Viewer, true, false, false).await,
        token("read", &["read"], None, true, false, false).await,
        token("send", &["send"], None, false, true, false).await,
        token("admin", &["admin"], None, true, true, true).await,
        token("bound read", &["read"], Some(line), true, false, false).await,
        token("bound send", &["send"], Some(line), false, true, false).await,
        // Bound to one line, nothing of the gateway itself can be changed.
        token("bound admin", &["admin"], Some(line), true, true, false).await,
    ]
}

fn call(kind: &Kind, method: &str, path: &str) -> Request<Body> {
    let method: Method = method.parse().unwrap();
    let mut call = request(method, path).header(header::CONTENT_TYPE, "application/json");
    if !kind.cookie.is_empty() {
        call = call.header(header::COOKIE, &kind.cookie);
    }
    if !kind.token.is_empty() {
        call = call.header(header::AUTHORIZATION, format!("Bearer {}", kind.token));
    }
    if kind.local {
        call = call.extension(LocalAdmin);
    }
    // No call gets further than its reading of the body.
    call.body(Body::from("{")).unwrap()
}

/// S136: every route lets in whom it names and nobody else, whoever asks; what is open to
/// everybody is a short list.
#[tokio::test]
async fn every_route_lets_in_whom_it_names_and_nobody_else() {
    let site = Site::new().await;
    let line = site.app.store.read(|tx| Ok(tx.lines()?[0].id)).await.unwrap();
    let kinds = kinds(&site, line).await;
    let open = [
        "/livez",
        "/readyz",
        "/healthz",
        "/signin",
        "/signout",
        "/docs/api",
        "/assets/",
        "/api/v1/openapi.json",
        "/manifest",
        "/offline",
        "/favicon.ico",
        "/badge/",
        "/n/",
        "/h/",
        "/sw.js",
        "/notified",
        "/certificate",
    ];
    for route in routes(site.app.clone()) {
        if route.access == Access::Public {
            assert!(open.iter().any(|start| route.path.starts_with(start)), "{route:?} is open");
            continue;
        }
        let writes = route.method != "GET";
        // A rehearsal has no effect; what somebody has read and where they look is theirs alone.
        let own = ["/read", "/presence"].iter().any(|end| route.path.ends_with(end));
        let reads = own || route.path == "/api/v1/rules/test";
        assert!(!writes || reads || route.access != Access::Read, "{route:?}: readers only read");
        // A stream that is let in never ends; its door is the same.
        if ["/live", "/api/v1/events"].contains(&route.path) {
            continue;
        }
        let path = route.path.replace("{id}", "999999").replace("{number}", "x");
        let path = path.replace("{file}", "x").replace("{key}", "x");
        for kind in &kinds {
            let answer = site.ask(call(kind, route.method, &path)).await;
            let turned_away = answer.status == StatusCode::UNAUTHORIZED
                || answer.status == StatusCode::FORBIDDEN && at_the_door(&answer);
            let place = format!("{} {} for {}: {}", route.method, path, kind.name, answer.text);
            assert_eq!(!turned_away, kind.may(route.access), "{place}");
            if turned_away {
                let nobody = kind.name == "Nobody";
                let code = if nobody { "unauthorized" } else { "forbidden" };
                assert_eq!(answer.code(), code, "{place}");
            }
        }
    }
}

fn at_the_door(answer: &Answer) -> bool {
    ["Your role does not include this", "Use a token with the scope", "only people do this"]
        .iter()
        .any(|words| answer.text.contains(words))
}

/// 3.1 stolen token: one that is bound to a line finds nothing of another line, by no call.
#[tokio::test]
async fn a_token_bound_to_a_line_finds_nothing_of_another() {
    let site = Site::new().await;
    let message = site.receives("+447700900123", "for the first line").await;
    let first = site.app.store.read(|tx| Ok(tx.lines()?[0].id)).await.unwrap();
    let other = site.line("8944110000000000002", "+447700900002").await;
    let conversation = site.app.store.read(move |tx| {
        Ok(tx.message(message)?.and_then(|message| message.conversation).map(|id| id.0))
    });
    let conversation = conversation.await.unwrap().unwrap();
    for scopes in [&["read"][..], &["send"], &["admin"], &["read", "send"]] {
        let token = site.bound_token(scopes, Some(other)).await;
        let paths = [
            format!("/api/v1/messages/{}", message.0),
            format!("/api/v1/messages/{}/cancel", message.0),
            format!("/api/v1/messages/{}/resend", message.0),
            format!("/api/v1/messages/{}/drop", message.0),
            format!("/api/v1/lines/{first}"),
            format!("/api/v1/conversations/{conversation}"),
            format!("/api/v1/conversations/{conversation}/claim"),
            format!("/api/v1/conversations/{conversation}/notes"),
            format!("/messages/{}/settle", message.0),
        ];
        for path in &paths {
            for method in [Method::GET, Method::POST, Method::PATCH, Method::DELETE] {
                let call = request(method.clone(), path)
                    .header(header::AUTHORIZATION, format!("Bearer {token}"))
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(Body::from("{}"))
                    .unwrap();
                let answer = site.ask(call).await;
                let place = format!("{method} {path} with {scopes:?}: {}", answer.text);
                assert!(answer.status.is_client_error(), "{place}");
                assert!(!answer.text.contains("for the first line"), "{place}");
            }
        }
        for path in ["/api/v1/messages", "/api/v1/conversations", "/api/v1/lines", "/"] {
            let answer = site.get(path, &token).await;
            assert!(!answer.text.contains("for the first line"), "{path}: {}", answer.text);
            assert!(!answer.text.contains("+447700900001"), "{path}: {}", answer.text);
        }
    }
}

/// A proxy on this machine says for whom it asks; anybody else's word counts for nothing.
#[tokio::test]
async fn the_address_is_the_clients_and_cannot_be_made_up() {
    let public =
        Settings { public_url: Some("http://127.0.0.1:8080".into()), ..Settings::default() };
    for (peer, shown) in [("127.0.0.1:1", "198.51.100.9"), ("192.0.2.7:1", "192.0.2.7")] {
        let site = Site::with(public.clone()).await;
        let ada = site.admin().await;
        site.set_password(ada, PASSWORD).await;
        let mut call = form("/signin", "", &[("email", "ada@example.org"), ("password", PASSWORD)]);
        call.headers_mut().insert("x-forwarded-for", "203.0.113.1, 198.51.100.9".parse().unwrap());
        call.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let cookie = session(&site.ask(call).await);
        let page = site.page("/account", &cookie).await;
        assert!(page.text.contains(shown), "{peer}: {}", page.text);
    }
}
