//! The settings pages as an admin meets them: saved, refused in words, nothing typed lost.

use axum::http::StatusCode;
use simgate::store::{LineId, NewMessage, Role};
use simgate::types::{Class, Number, UnixTime};
use simgate::web::{Access, routes};

use crate::site::{Site, form};

/// A site with a signed-in admin and the id of its line.
async fn desk() -> (Site, String, LineId) {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let line = site.app.store.read(|tx| Ok(tx.lines()?[0].id)).await.unwrap();
    (site, cookie, line)
}

/// S168: every page that somebody signed in can look at has its help: those of the table of routes,
/// whichever is added.
#[tokio::test]
async fn every_page_has_a_section_of_the_help() {
    let (site, cookie, _) = desk().await;
    site.receives("+447700900123", "Hello").await;
    site.app.store.write(|tx| tx.create_contact(&Default::default(), UnixTime(0))).await.unwrap();
    let help = site.page("/help", &cookie).await.text;
    let mut pages = 0;
    for route in routes(site.app.clone()) {
        let open = route.access == Access::Public || route.path.starts_with("/api/");
        let file = ["/metrics", "/export", "/live"].iter().any(|end| route.path.ends_with(end));
        if route.method != "GET" || open || file || route.path.contains('.') {
            continue;
        }
        let page = site.page(&route.path.replace("{id}", "1"), &cookie).await;
        if page.status != StatusCode::OK {
            // There is nothing of that kind here; its page without a row is in the next test.
            let known = [StatusCode::NOT_FOUND, StatusCode::SEE_OTHER];
            assert!(known.contains(&page.status), "{}: {}", route.path, page.status);
            continue;
        }
        let section = page.text.split("href=\"/help#").nth(1).expect(route.path);
        let section = section.split('"').next().unwrap();
        assert!(help.contains(&format!("<section id=\"{section}\"")), "{}: {section}", route.path);
        pages += 1;
    }
    assert!(pages > 30, "only {pages} pages were looked at");
}

/// S168: each page has its help, and every page of the settings opens, also without a single row.
#[tokio::test]
async fn every_settings_page_opens_empty_and_leads_to_its_help() {
    let site = Site::without_line(Default::default()).await;
    let cookie = site.cookie().await;
    let help = site.page("/help", &cookie).await;
    for path in [
        "/lines",
        "/modems",
        "/people",
        "/people/new",
        "/queue",
        "/quarantine",
        "/texts",
        "/rules",
        "/rules/new",
        "/templates",
        "/templates/new",
        "/prompts",
        "/prompts/new",
        "/reports",
        "/tokens",
        "/audit",
        "/refusals",
        "/health",
        "/account",
    ] {
        let page = site.page(path, &cookie).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert!(page.text.contains("<h1>"), "{path}");
        let section = page.text.split("href=\"/help#").nth(1).expect(path);
        let section = section.split('"').next().unwrap();
        assert!(help.text.contains(&format!("id=\"{section}\"")), "{path}: {section}");
        assert!(!page.text.contains("style=") && !page.text.contains("onclick"), "{path}");
    }
}

/// S98, S99, S100: the switch asks for what is needed first; the list can be downloaded.
#[tokio::test]
async fn a_line_is_switched_off_and_on_with_reasons() {
    let (site, cookie, line) = desk().await;
    let path = format!("/lines/{line}");
    let page = site.page(&path, &cookie).await;
    assert!(page.text.contains("+447700900001"), "{}", page.text);
    let set = |sms: &str, contact: &str, registration: &str, name: &str| {
        let fields = [
            ("section", "line"),
            ("name", name),
            ("number", "+447700900001"),
            ("country", "gb"),
            ("sms", sms),
            ("registration", registration),
            ("help_contact", contact),
            ("tags", "desk, urgent"),
        ];
        form(&path, &cookie, &fields)
    };
    let saved = site.ask(set("off", "01632 960001", "not_needed", "Front desk")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let page = site.page(&path, &cookie).await;
    assert!(page.text.contains("SMS pending: going off") || page.text.contains("SMS off"));
    assert!(page.text.contains("Front desk") && page.text.contains("desk, urgent"));
    let refused = site.ask(set("on", "01632 960001", "needed", "Front desk <b>")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.text.contains("registration is not done"), "{}", refused.text);
    assert!(refused.text.contains("Front desk &#60;b&#62;"), "nothing typed is lost");
    let kept = site.app.store.read(move |tx| tx.line_settings(line)).await.unwrap().unwrap();
    assert_eq!((kept.name.as_str(), kept.tags.len()), ("Front desk", 2));
    let long = "x".repeat(51);
    let tags = [("section", "line"), ("name", "Desk"), ("sms", "off"), ("tags", long.as_str())];
    let refused = site.ask(form(&path, &cookie, &tags)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "S34");
    assert!(site.page("/lines", &cookie).await.text.contains("href=\"/api/v1/lines.csv\""));
    let sheet = site.page("/api/v1/lines.csv", &cookie).await;
    assert!(sheet.text.contains("\"Front desk\",\"+447700900001\""), "S99: {}", sheet.text);
}

/// S103, S105, S106, S110, S111: people are chosen from those there are; each needs a channel that
/// works; none at all needs the switch to be off.
#[tokio::test]
async fn notified_people_are_chosen_with_their_channels() {
    let (site, cookie, line) = desk().await;
    let bob = site.user("Bob", Role::Notified).await.to_string();
    let path = format!("/lines/{line}");
    let page = site.page(&path, &cookie).await;
    assert!(page.text.contains("Bob Example") && page.text.contains("/people/new?role=notified"));
    assert_eq!(page.text.matches("name=\"notified_").count(), 5, "S104: no sixth");
    assert!(page.text.contains("name=\"notify\""), "C5: the sink has its switch");
    let nobody = site.ask(form(&path, &cookie, &[("section", "told"), ("notify", "1")])).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", nobody.text);
    let off = site.ask(form(&path, &cookie, &[("section", "told")])).await;
    assert_eq!(off.status, StatusCode::SEE_OTHER, "{}", off.text);
    let none = [("section", "told"), ("notify", "1"), ("notified_1", bob.as_str())];
    let none = site.ask(form(&path, &cookie, &none)).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", none.text);
    let sms = [("section", "told"), ("notify", "1"), ("notified_1", bob.as_str()), ("sms_1", "1")];
    let sms = site.ask(form(&path, &cookie, &sms)).await;
    assert_eq!(sms.status, StatusCode::UNPROCESSABLE_ENTITY, "he has no phone: {}", sms.text);
    let mail =
        [("section", "told"), ("notify", "1"), ("notified_1", bob.as_str()), ("email_1", "1")];
    let mail = site.ask(form(&path, &cookie, &mail)).await;
    assert_eq!(mail.status, StatusCode::SEE_OTHER, "{}", mail.text);
}

/// S107, S108: who is only notified needs name, address and phone, and gets no sign-in.
#[tokio::test]
async fn a_person_who_is_only_notified_is_whole_and_has_no_way_in() {
    let (site, cookie, _) = desk().await;
    let fields = [("first_name", "Cleo"), ("email", "cleo@example.org"), ("role", "notified")];
    let refused = site.ask(form("/people", &cookie, &fields)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Last name is required"), "{}", refused.text);
    assert!(refused.text.contains("value=\"cleo@example.org\""));
    let whole = [&fields[..], &[("last_name", "Park"), ("phone", "+447700900310")]].concat();
    let made = site.ask(form("/people", &cookie, &whole)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let page = made.header("location").split('?').next().unwrap().to_owned();
    assert!(site.page(&page, &cookie).await.text.contains("They do not sign in"));
    let link = site.ask(form(&format!("{page}/invite"), &cookie, &[])).await;
    assert_eq!(link.status, StatusCode::NOT_FOUND);
}

/// The automatic texts are changed on the line; an empty box means the shipped text.
#[tokio::test]
async fn a_lines_texts_and_hours_are_set_and_taken_away() {
    let (site, cookie, line) = desk().await;
    let path = format!("/lines/{line}");
    let texts = [("section", "texts"), ("opt_in", "Hello from {{ company }}"), ("help", "")];
    let saved = site.ask(form(&path, &cookie, &texts)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let broken = [("section", "texts"), ("opt_in", "Hello {{ company")];
    let broken = site.ask(form(&path, &cookie, &broken)).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(broken.text.contains("Hello {{ company</textarea>"), "{}", broken.text);
    let hours = [
        ("section", "hours"),
        ("time_zone", "Europe/London"),
        ("mon", "09:00-12:00, 13:00-17:00"),
        ("holidays", "2026-12-25"),
    ];
    assert_eq!(site.ask(form(&path, &cookie, &hours)).await.status, StatusCode::SEE_OTHER);
    let kept = site.app.store.read(move |tx| tx.line_settings(line)).await.unwrap().unwrap();
    assert_eq!(kept.texts["opt_in"], "Hello from {{ company }}");
    assert_eq!(kept.business_hours.unwrap()["week"]["mon"][1], "13:00-17:00");
    let wrong = [("section", "hours"), ("time_zone", "Europe/London"), ("mon", "nine to five")];
    let wrong = site.ask(form(&path, &cookie, &wrong)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("is not an interval"), "{}", wrong.text);
    let none = [("section", "hours"), ("time_zone", "Europe/London")];
    assert_eq!(site.ask(form(&path, &cookie, &none)).await.status, StatusCode::SEE_OTHER);
    let kept = site.app.store.read(move |tx| tx.line_settings(line)).await.unwrap().unwrap();
    assert_eq!(kept.business_hours, None);
}

/// S134: a link that opens a text on a phone, a picture for everywhere else, and both as HTML.
#[tokio::test]
async fn a_website_gets_a_link_and_a_picture_to_text_the_line() {
    let (site, cookie, line) = desk().await;
    let path = format!("/lines/{line}?greeting=Hi%20%22there%22");
    let page = site.page(&path, &cookie).await;
    assert!(page.text.contains("sms:+447700900001?body=Hi%20%22there%22"), "{}", page.text);
    assert!(page.text.contains("<svg class=\"qr\" role=\"img\""));
    assert!(page.text.contains("&#60;a href="), "the snippet is shown, not run");
}

/// S96: templates are kept with their class; a broken one is refused beside its box.
#[tokio::test]
async fn templates_are_written_refused_changed_and_deleted() {
    let (site, cookie, _) = desk().await;
    let broken = [("name", "Hours"), ("text", "Open {{ ten"), ("class", "service")];
    let broken = site.ask(form("/templates", &cookie, &broken)).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(broken.text.contains("aria-invalid") && broken.text.contains("Open {{ ten</textarea>"));
    let good = [("name", "Hours"), ("text", "Open ten to four."), ("class", "marketing")];
    let made = site.ask(form("/templates", &cookie, &good)).await;
    assert_eq!(made.header("location"), "/templates?done=saved", "{}", made.text);
    let twice = site.ask(form("/templates", &cookie, &good)).await;
    assert!(twice.text.contains("There is a template of that name"), "{}", twice.text);
    let changed = [("name", "Hours"), ("text", "Open nine to five."), ("class", "service")];
    site.ask(form("/templates/1", &cookie, &changed)).await;
    let page = site.page("/templates", &cookie).await;
    assert!(page.text.contains("Open nine to five.") && page.text.contains("service"));
    site.ask(form("/templates/1/delete", &cookie, &[])).await;
    assert!(site.page("/templates", &cookie).await.text.contains("No template yet"));
}

/// A rule is written, tried without effect with its trace, and refused where it makes no sense.
#[tokio::test]
async fn rules_are_written_and_tried_without_effect() {
    let (site, cookie, _) = desk().await;
    let rule = [
        ("name", "Opening hours"),
        ("words", "hours, open"),
        ("reply", "We are open from ten to four."),
        ("tag", "hours"),
        ("order", "5"),
        ("enabled", "1"),
    ];
    let made = site.ask(form("/rules", &cookie, &rule)).await;
    assert_eq!(made.header("location"), "/rules?done=saved", "{}", made.text);
    let page = site.page("/rules", &cookie).await;
    assert!(page.text.contains("has hours or open"), "{}", page.text);
    assert!(page.text.contains("answers “We are open from ten to four.”"));
    let tried = site.ask(form("/rules/try", &cookie, &[("text", "When are you open?")])).await;
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
    assert!(tried.text.contains("What would happen") && tried.text.contains("<summary>Why"));
    assert!(tried.text.contains("gets “We are open from ten to four.”"), "{}", tried.text);
    assert!(tried.text.contains("It is tagged hours"));
    let idle = [("name", "Nothing"), ("words", "parking"), ("order", "6")];
    let idle = site.ask(form("/rules", &cookie, &idle)).await;
    assert_eq!(idle.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(idle.text.contains("Say below what the rule does"), "{}", idle.text);
    assert_eq!(site.texts().await, 0, "nothing was sent");
    let wordless = [("name", "Nothing"), ("words", ""), ("order", "6"), ("reply", "kept")];
    let wordless = site.ask(form("/rules", &cookie, &wordless)).await;
    assert_eq!(wordless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wordless.text.contains("kept</textarea>"), "{}", wordless.text);
    let one = site.page("/rules/1", &cookie).await;
    assert!(one.text.contains("value=\"hours, open\""), "{}", one.text);
}

/// A prompt is set up with what counts, and its results stand on its page.
#[tokio::test]
async fn prompts_are_set_up_and_show_their_answers() {
    let (site, cookie, _) = desk().await;
    let poll = [
        ("name", "Colour"),
        ("kind", "poll"),
        ("text", "Which colour?"),
        ("options", "Red\nBlue"),
        ("revote", "1"),
    ];
    let made = site.ask(form("/prompts", &cookie, &poll)).await;
    assert_eq!(made.header("location"), "/prompts?done=saved", "{}", made.text);
    let one = site.page("/prompts/1", &cookie).await;
    assert!(one.text.contains("0 asked, 0 answered, 0 silent"), "{}", one.text);
    assert!(one.text.contains("Red\nBlue</textarea>"), "{}", one.text);
    let lone = [("name", "One"), ("kind", "poll"), ("text", "Which?"), ("options", "Red")];
    let lone = site.ask(form("/prompts", &cookie, &lone)).await;
    assert_eq!(lone.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", lone.text);
}

/// S86, S87, S88: what follows a low, middling and high rating is set with the question, between an
/// opening and a closing time; what the form does not show stays.
#[tokio::test]
async fn what_follows_a_rating_is_set_with_its_times() {
    let (site, cookie, _) = desk().await;
    let bob = site.user("Bob", Role::Agent).await;
    let rating = [
        ("name", "How was it?"),
        ("kind", "rating"),
        ("text", "From 1 to 5?"),
        ("low", "2"),
        ("high", "4"),
        ("opens", "2026-11-21T10:00"),
        ("closes", "2026-12-24T18:00"),
        ("outcome_0_reply", "We are sorry. Somebody will call you."),
        ("outcome_0_flag", "call them"),
        ("outcome_2_reply", "Thank you! https://example.org/review"),
    ];
    let bob = bob.to_string();
    let rating = [&rating[..], &[("outcome_0_notify", bob.as_str())]].concat();
    let made = site.ask(form("/prompts", &cookie, &rating)).await;
    assert_eq!(made.header("location"), "/prompts?done=saved", "{}", made.text);
    let token = site.token(&["admin"]).await;
    let kept = site.get("/api/v1/prompts/1", &token).await.json();
    let low = &kept["outcomes"]["low"];
    assert_eq!(low[0]["reply"], "We are sorry. Somebody will call you.", "{kept}");
    assert_eq!((&low[1]["flag"], &low[2]["notify"]), (&"call them".into(), &bob.as_str().into()));
    assert_eq!(kept["outcomes"]["middle"], serde_json::Value::Null, "nothing follows");
    assert_eq!(kept["opens"], "2026-11-21T10:00:00.000Z");
    let page = site.page("/prompts/1", &cookie).await.text;
    assert!(page.contains("After a low rating") && page.contains("value=\"2026-12-24T18:00\""));
    assert!(page.contains("Somebody will call you.</textarea>"), "{page}");

    let gone = [("outcome_0_reply", ""), ("outcome_0_flag", ""), ("outcome_0_notify", "")];
    let changed: Vec<(&str, &str)> = rating
        .iter()
        .map(|(name, value)| (*name, *value))
        .filter(|(name, _)| !gone.iter().any(|(other, _)| other == name))
        .collect();
    let saved = site.ask(form("/prompts/1", &cookie, &changed)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let kept = site.get("/api/v1/prompts/1", &token).await.json();
    assert_eq!(kept["outcomes"].as_object().map(|all| all.len()), Some(1), "{kept}");
    let early = site.ask(form("/prompts/1/ask", &cookie, &[("to", "+447700900123")])).await;
    assert_eq!(early.status, StatusCode::CONFLICT);
    assert!(early.text.contains("not open yet") && early.text.contains("+447700900123</textarea>"));
    let backwards = [("closes", "2026-11-20T18:00"), ("opens", "2026-11-21T10:00")];
    let backwards = [&changed[..8].to_vec()[..], &backwards[..]].concat();
    let backwards: Vec<(&str, &str)> = backwards
        .iter()
        .enumerate()
        .filter(|(at, (name, _))| *at >= 8 || !["opens", "closes"].contains(name))
        .map(|(_, pair)| *pair)
        .collect();
    let refused = site.ask(form("/prompts/1", &cookie, &backwards)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);

    site.later(3_600);
    let asked = site.ask(form("/prompts/1/ask", &cookie, &[("to", "+447700900123")])).await;
    assert_eq!(asked.header("location"), "/prompts/1", "{}", asked.text);
    let page = site.page("/prompts/1", &cookie).await.text;
    assert!(page.contains("1 asked, 0 answered, 1 silent"), "{page}");
    let partly = [("to", "+447700900124\nnobody")];
    let partly = site.ask(form("/prompts/1/ask", &cookie, &partly)).await;
    assert!(partly.text.contains("1 asked. nobody:"), "{}", partly.text);
}

/// A token is shown once, and its use ends with a button; both stand in the audit log.
#[tokio::test]
async fn tokens_are_shown_once_and_revoked() {
    let (site, cookie, _) = desk().await;
    let none = site.ask(form("/tokens", &cookie, &[("name", "cron")])).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", none.text);
    let asked = [("name", "cron"), ("scopes", "read"), ("expires_at", "2027-01-31")];
    let made = site.ask(form("/tokens", &cookie, &asked)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let token = made.text.split("sg_").nth(1).unwrap().split('<').next().unwrap();
    let token = format!("sg_{token}");
    assert_eq!(site.get("/api/v1/messages", &token).await.status, StatusCode::OK);
    let page = site.page("/tokens", &cookie).await;
    assert!(!page.text.contains(&token) && page.text.contains(&token[..7]));
    site.ask(form("/tokens/1/revoke", &cookie, &[])).await;
    assert_eq!(site.get("/api/v1/messages", &token).await.status, StatusCode::UNAUTHORIZED);
    let log = site.page("/audit", &cookie).await;
    assert!(log.text.contains("token created") && log.text.contains("token revoked"));
    assert!(log.text.contains("The log is whole.") && log.text.contains("Ada Example"));
    assert!(!log.text.contains(&token));
}

/// The queue shows what waits, and its buttons decide.
#[tokio::test]
async fn the_queue_is_decided_with_its_buttons() {
    let (site, cookie, line) = desk().await;
    let viewer = site.user("Vic", Role::Viewer).await;
    let viewer = site.cookie_of(viewer).await;
    let now = site.app.now();
    let queued = site.app.store.write(move |tx| {
        let text = NewMessage {
            line,
            to: Number::E164("+447700900123".to_owned()),
            text: "\u{202E}hidden <b>words</b>".to_owned(),
            class: Class::Conversation,
            tag: None,
            response_emails: Vec::new(),
            author: None,
            send_at: None,
            valid_for: None,
            report: false,
            flash: false,
            alphabet: Some("ucs2".to_owned()),
            segments: 1,
            hold: None,
        };
        tx.enqueue(&text, None, now)
    });
    queued.await.unwrap();
    let page = site.page("/queue", &cookie).await;
    assert!(page.text.contains("Queued") && page.text.contains("U+202E"), "{}", page.text);
    assert!(page.text.contains("&#60;b&#62;words"), "escaped");
    assert!(page.text.contains("Take back"));
    let seen = site.page("/queue", &viewer).await;
    assert!(!seen.text.contains("Take back"), "who may not decide sees no button");
    let refused = site.ask(form("/queue/1", &viewer, &[("act", "cancel")])).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let done = site.ask(form("/queue/1", &cookie, &[("act", "cancel")])).await;
    assert_eq!(done.header("location"), "/queue?done=cancel", "{}", done.text);
    let late = site.ask(form("/queue/1", &cookie, &[("act", "cancel")])).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(late.text.contains("The message is cancelled"));
}

/// S137: figures by line, person and day; the file has the same, and no cell is a formula.
#[tokio::test]
async fn reports_count_by_line_person_and_day() {
    let (site, cookie, line) = desk().await;
    let now = site.app.now();
    site.app.store.write(move |tx| tx.rename_line(line, "=1+1", now)).await.unwrap();
    site.receives("+447700900123", "Hello?").await;
    site.receives("+447700900124", "Anybody?").await;
    let page = site.page("/reports", &cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("<dt>Received</dt><dd>2</dd>"), "{}", page.text);
    assert!(page.text.contains("<svg class=\"bars\" role=\"img\""));
    let sheet = site.page("/reports.csv?from=2026-11-20&to=2026-11-21", &cookie).await;
    assert!(sheet.text.contains("\"line\",\"'=1+1\",\"2\",\"2\",\"0\","), "{}", sheet.text);
    assert!(sheet.text.contains("\"day\",\"2026-11-21\",\"2\","), "{}", sheet.text);
    assert!(sheet.text.contains("\"day\",\"2026-11-20\",\"0\","), "{}", sheet.text);
    let empty = site.page("/reports?from=2026-01-01&to=2026-01-02", &cookie).await;
    assert!(empty.text.contains("Nothing was sent or received in these days"));
    let wrong = site.page("/reports?from=2026-11-21&to=2026-11-01", &cookie).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}

/// S136: agents and viewers see the pages for everybody and none of the admins'.
#[tokio::test]
async fn each_role_sees_its_own_pages_in_the_list() {
    let site = Site::new().await;
    let agent = site.user("Bob", Role::Agent).await;
    let agent = site.cookie_of(agent).await;
    let page = site.page("/reports", &agent).await;
    assert!(page.text.contains("href=\"/queue\"") && page.text.contains("href=\"/account\""));
    for admins in ["/people", "/tokens", "/audit", "/lines", "/modems", "/rules"] {
        assert!(!page.text.contains(&format!("href=\"{admins}\"")), "{admins}");
        assert_eq!(site.page(admins, &agent).await.status, StatusCode::FORBIDDEN, "{admins}");
    }
}
