//! Every page on a desk and on a phone, in both themes: nothing is cut off, and the pictures are
//! there to be looked at.

use serde_json::json;
use simgate::store::Role;

use crate::TO;
use crate::site::form;
use crate::stage::Stage;

/// Fault 104, S117 and the phone in the hand: each gets a layout that fits, with the same functions.
#[tokio::test(flavor = "multi_thread")]
async fn pages_fit_a_phone_and_a_desk_in_both_themes() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    furnish(&stage).await;
    for (name, width, height) in [("desk", 1280, 800), ("phone", 360, 740)] {
        for theme in ["light", "dark"] {
            browser.look(width, height, theme).await;
            for (page, path) in [
                ("inbox", "/"),
                ("thread", "/threads/1"),
                ("opted-out", "/threads/3"),
                ("name", "/threads/4"),
                ("details", "/threads/1#panel"),
                ("search", "/?q=appointment"),
                ("new", "/new?with=sam"),
                ("message", "/messages/2"),
                ("contacts", "/contacts"),
                ("contact", "/contacts/1"),
                ("import", "/contacts/import"),
                ("help", "/help"),
                ("api", "/docs/api"),
            ] {
                stage.open(path).await;
                let fits = "document.documentElement.scrollWidth <= innerWidth";
                assert_eq!(browser.value(fits).await, json!(true), "{page} on a {name}");
                browser.picture(&format!("{page}-{name}-{theme}")).await;
            }
        }
    }
}

/// A morning at the desk of a law firm.
async fn furnish(stage: &Stage) {
    let site = &stage.site;
    let (token, cookie) = (site.token(&["admin"]).await, site.cookie().await);
    let anna = site.user("Anna", Role::Agent).await;
    let sam = json!({ "first_name": "Sam", "last_name": "Lee", "numbers": [TO, "+447700900124"],
                      "fields": { "case": "AB-204", "lawyer": "Ms Okafor" } });
    site.post("/api/v1/contacts", &token, sam).await;
    let ines = json!({ "first_name": "Inês", "last_name": "Costa", "numbers": ["+447700900130"] });
    site.post("/api/v1/contacts", &token, ines).await;
    let reminder = json!({ "name": "Reminder", "text": "Hello {{ first_name|default('there') }}, see you at 3." });
    site.post("/api/v1/templates", &token, reminder).await;
    site.receives(TO, "Hi, is my appointment with Ms Okafor still on for Monday at 3?").await;
    site.later(240);
    let answer = "Hello Sam, yes: Monday 3 pm, second floor. Please bring your passport.";
    site.post("/api/v1/messages", &token, json!({ "to": TO, "text": answer })).await;
    stage.network(|| None).await;
    site.later(60);
    site.receives(TO, "Great, thank you! Where can I park? https://maps.example.org/rock-legal")
        .await;
    site.ask(form("/threads/1", &cookie, &[("act", "claim")])).await;
    let note = [("act", "note"), ("text", "@anna could you send the map?")];
    site.ask(form("/threads/1", &cookie, &note)).await;
    site.ask(form("/threads/1", &cookie, &[("act", "tags"), ("tags", "appointment, parking")]))
        .await;
    site.later(3_600);
    site.receives("+447700900130", "Bom dia! Enviei os documentos ontem à noite.").await;
    let claim = format!("/threads/2?as={anna}");
    site.ask(form(&claim, &cookie, &[("act", "claim")])).await;
    site.ask(form("/threads/2", &cookie, &[("act", "flag"), ("word", "call back")])).await;
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
}
