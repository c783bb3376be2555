//! A gateway with something on every page: a week at the desk of a law firm.

use serde_json::json;
use simgate::store::{
    Author, AuthorKind, HeldLink, LinkKind, MessageQuery, ModemStatus, NewMessage, NewToken, Role,
    SeenModem, SignInLink, UserId,
};
use simgate::types::{Class, ConversationId, Imei, MessageState, Millis, Number, Secret, UnixTime};

use crate::TO;
use crate::site::form;
use crate::stage::Stage;

/// The site has these lines, each with a modem that is ready, and may send 500 segments a month on each.
pub async fn lines(stage: &Stage, names: &[&str]) {
    let site = &stage.site;
    for n in 0..names.len() {
        site.line(&format!("894411000000000000{}", n + 1), &format!("+44770090000{}", n + 1)).await;
    }
    let (now, names) =
        (site.app.now(), names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    let made = site.app.store.write(move |tx| {
        for (n, (line, name)) in tx.lines()?.iter().zip(&names).enumerate() {
            tx.rename_line(line.id, name, now)?;
            let mut settings = tx.line_settings(line.id)?.expect("a line");
            settings.limits = json!({ "segments_a_month": { "hold": 500 } });
            tx.save_line_settings(line.id, &settings, now)?;
            let modem = SeenModem {
                imei: Imei::parse(["490154203237518", "356938035643809"][n]),
                port: format!("/dev/ttyUSB{}", 2 + n),
                maker: Some("Example".to_owned()),
                model: Some("E3372".to_owned()),
                firmware: Some("21.180.01.00.00".to_owned()),
                ..SeenModem::default()
            };
            let modem = tx.upsert_modem(&modem, now)?;
            for (minutes, dbm) in [(90, -93), (60, -79), (30, -85), (0, -67)] {
                let status = ModemStatus {
                    state: Some("ready".to_owned()),
                    line: Some(Some(line.id)),
                    operator: Some("Example Mobile".to_owned()),
                    registration: Some("home".to_owned()),
                    signal_dbm: Some(dbm),
                    bars: Some(4),
                    storage: Some(("SM".to_owned(), 3, 50)),
                    note: None,
                };
                tx.modem_status(modem, &status, UnixTime(now.0 - minutes * 60_000))?;
            }
        }
        Ok(())
    });
    made.await.unwrap();
}

/// People, rules, texts and everything else.
pub async fn everything(stage: &Stage) {
    lines(stage, &["Reception", "Ms Okafor"]).await;
    settings(stage).await;
    desk(stage).await;
    mail(stage).await;
    keys(stage).await;
}

async fn settings(stage: &Stage) {
    let site = &stage.site;
    site.user("Bob", Role::Agent).await;
    site.user("Cleo", Role::Notified).await;
    let now = site.app.now();
    let token = NewToken {
        name: "Nightly report".to_owned(),
        secret: Secret::new("sg_example"),
        scopes: vec!["read".to_owned()],
        line: None,
        expires_at: None,
    };
    site.app.store.write(move |tx| tx.create_token(&token, now)).await.unwrap();
    let token = site.token(&["admin"]).await;
    for (path, body) in [
        (
            "templates",
            json!({ "name": "Hours", "text": "Hello {{ first_name|default('there') }}, we are open from ten to four." }),
        ),
        (
            "rules",
            json!({ "name": "Opening hours", "when": { "words": ["hours", "open"] }, "then": [{ "reply": "Ten to four." }, { "tag": "hours" }] }),
        ),
        (
            "prompts",
            json!({ "name": "How was it?", "kind": "rating", "text": "How was it, from 1 to 5?", "scale": { "low": 2, "high": 4 } }),
        ),
    ] {
        let made = site.post(&format!("/api/v1/{path}"), &token, body).await;
        assert!(made.status.is_success(), "{path}: {}", made.text);
    }
}

/// Conversations of every kind: 1 is long and claimed, 2 another's, 3 opted out, 4 a name that is
/// cut off nowhere, 5 in Arabic, 6 queued, 7 closed.
async fn desk(stage: &Stage) {
    let site = &stage.site;
    let (token, cookie) = (site.token(&["admin"]).await, site.cookie().await);
    let anna = site.user("Anna", Role::Agent).await;
    let sam = json!({ "first_name": "Sam", "last_name": "Lee", "numbers": [TO, "+447700900124"],
                      "fields": { "case": "AB-204", "lawyer": "Ms Okafor" } });
    site.post("/api/v1/contacts", &token, sam).await;
    let ines = json!({ "first_name": "Inês", "last_name": "Costa", "numbers": ["+447700900130"] });
    site.post("/api/v1/contacts", &token, ines).await;
    let act = |path: &str, fields: &[(&str, &str)]| site.ask(form(path, &cookie, fields));
    site.receives(TO, "Hi, is my appointment with Ms Okafor still on for Monday at 3?").await;
    site.later(240);
    let answer = "Hello Sam, yes: Monday 3 pm, second floor. Please bring your passport.";
    site.post("/api/v1/messages", &token, json!({ "to": TO, "text": answer })).await;
    stage.network(|| None).await;
    site.later(60);
    site.receives(TO, "Great, thank you! Where can I park? https://maps.example.org/rock-legal")
        .await;
    act("/threads/1", &[("act", "claim")]).await;
    act("/threads/1", &[("act", "note"), ("text", "@anna could you send the map?")]).await;
    act("/threads/1", &[("act", "tags"), ("tags", "appointment, parking")]).await;
    site.later(3_600);
    site.receives("+447700900130", "Bom dia! Enviei os documentos ontem à noite.").await;
    act("/threads/2", &[("act", "flag"), ("word", "call back")]).await;
    act("/threads/2", &[("act", "give"), ("user", &anna.to_string())]).await;
    site.later(900);
    site.receives("+447700900140", "Please stop writing to me").await;
    let out =
        json!({ "number": "+447700900140", "state": "out", "how": "Please stop writing to me" });
    site.post("/api/v1/consent", &token, out).await;
    site.later(60);
    site.receives("MyBank", &"wide".repeat(60)).await;
    site.later(60);
    site.receives("+447700900150", "مرحبا، هل لديكم موعد يوم الثلاثاء؟").await;
    site.later(300);
    let other = json!({ "to": "+447700900160", "text": "Your documents are ready." });
    site.post("/api/v1/messages", &token, other).await;
    site.receives_on(1, "+447700900170", "Thanks, all done.").await;
    act("/threads/7", &[("act", "close")]).await;
    let refused = json!({ "to": "+447700900140", "text": "One more question, please." });
    site.post("/api/v1/messages", &token, refused).await;
    site.post("/api/v1/prompts/1/ask", &token, json!({ "to": ["+447700900160"] })).await;
    hold(stage, "+447700900130", "Obrigada! O Dr. Silva liga-lhe amanhã.").await;
    site.receives("+447700900180", "\u{202E}STOP <b>it</b> http://аpple.example").await;
}

/// A text waits for somebody's word.
async fn hold(stage: &Stage, to: &str, text: &str) {
    let (to, text, now) = (Number::parse(to, None).unwrap(), text.to_owned(), stage.site.app.now());
    let held = stage.site.app.store.write(move |tx| {
        let new = NewMessage {
            line: tx.lines()?[0].id,
            to,
            text,
            class: Class::Conversation,
            tag: None,
            response_emails: Vec::new(),
            author: Some(Author {
                kind: AuthorKind::Email,
                id: Some("bob@example.org".to_owned()),
            }),
            send_at: None,
            valid_for: None,
            report: true,
            flash: false,
            alphabet: Some("gsm7".to_owned()),
            segments: 1,
            hold: Some("Anna has this conversation: take it over to send this.".to_owned()),
        };
        tx.enqueue(&new, None, now)
    });
    held.await.unwrap();
}

/// Mail that waits: 1 becomes a text, 2 none.
async fn mail(stage: &Stage) {
    let answer = "Yes, Monday at three suits me. Could you send the bill to my office?\r\n\
                  ##\r\nDana Reyes\r\nReyes Ltd, 12 Harbour Road\r\n\r\n\
                  On Friday, Rock Legal wrote:\r\n> Is Monday at three still good for you?";
    stage.site.mail_waits("dana@reyes.example", "Re: your appointment", answer).await;
    let quoted = "> Is Monday at three still good for you?";
    stage.site.mail_waits("noreply@shop.example", "Automatic answer", quoted).await;
}

/// Links as they stand in mails and notices: `notice`, `held`, `open` and `invited`.
async fn keys(stage: &Stage) {
    let now = stage.site.app.now();
    let made = stage.site.app.store.write(move |tx| {
        let held = tx.messages(&MessageQuery {
            state: Some(MessageState::Held),
            limit: 1,
            ..MessageQuery::default()
        })?;
        let held = HeldLink {
            secret: &Secret::new("held"),
            message: held.first().expect("a text is held").id,
            author: "bob@example.org",
            user: None,
            takes_over: true,
        };
        tx.create_held_link(&held, now)?;
        let (until, bob) = (now.after(Millis::from_secs(3_600)), UserId(2));
        tx.create_thread_link(&Secret::new("notice"), bob, ConversationId(1), until, now)?;
        let open = SignInLink { kind: LinkKind::Open, user: Some(UserId(1)) };
        tx.create_sign_in_link(&Secret::new("open"), open, until, now)?;
        let invited = SignInLink { kind: LinkKind::Invite, user: Some(bob) };
        tx.create_sign_in_link(&Secret::new("invited"), invited, until, now)
    });
    made.await.unwrap();
}

/// A morning with nothing odd in it, told by who writes: Inês 1, Priya 2, a stranger 3, Sam 4, Mo 5.
pub async fn morning(stage: &Stage) {
    let site = &stage.site;
    lines(stage, &["Reception", "Ms Okafor"]).await;
    let (token, cookie) = (site.token(&["admin"]).await, site.cookie().await);
    let anna = site.user("Anna", Role::Agent).await;
    for (first, last, number, fields) in [
        ("Inês", "Costa", "+447700900130", json!({})),
        ("Priya", "Nair", "+447700900150", json!({})),
        ("Sam", "Lee", TO, json!({ "case": "AB-204", "lawyer": "Ms Okafor" })),
        ("Mo", "Haddad", "+447700900140", json!({})),
    ] {
        let contact = json!({ "first_name": first, "last_name": last, "numbers": [number], "fields": fields });
        site.post("/api/v1/contacts", &token, contact).await;
    }
    let hours = json!({ "name": "Hours", "text": "We are open from ten to four." });
    site.post("/api/v1/templates", &token, hours).await;
    let act = |path: &str, fields: &[(&str, &str)]| site.ask(form(path, &cookie, fields));
    site.receives("+447700900130", "Bom dia! Enviei os documentos ontem à noite.").await;
    act("/threads/1", &[("act", "give"), ("user", &anna.to_string())]).await;
    site.later(540);
    site.receives_on(1, "+447700900150", "Thank you for the letter. I will sign it today.").await;
    act("/threads/2", &[("act", "flag"), ("word", "signature")]).await;
    site.later(360);
    site.receives("+447700900160", "Hello, do you also write wills?").await;
    site.later(300);
    site.receives(TO, "Hi, is my appointment with Ms Okafor still on for Monday at 3?").await;
    act("/threads/4", &[("act", "claim")]).await;
    site.later(240);
    let answer = "Hello Sam, yes: Monday 3 pm, second floor. Please bring your passport.";
    let filled = [("key", "answer"), ("seen", "99"), ("line", "1"), ("text", answer)];
    act("/threads/4/messages", &filled).await;
    stage.network(|| None).await;
    site.later(60);
    site.receives(TO, "Great, thank you! Where can I park?").await;
    act("/threads/4", &[("act", "note"), ("text", "@anna could you send the map?")]).await;
    site.later(420);
    site.receives("+447700900140", "I am ten minutes late, sorry!").await;
}
