//! The inbox as plain pages: what a person without script reads and presses.

use axum::http::StatusCode;
use simgate::store::{ClaimPolicy, Profile, Role, UserId};
use simgate::types::ConversationId;
use simgate::web::thread_link;

use crate::site::{Answer, Site, form};

pub const TO: &str = "+447700900123";
pub const OTHER: &str = "+447700900456";

/// Somebody with this role.
pub async fn person(site: &Site, name: &str, role: Role) -> UserId {
    let profile = Profile {
        first_name: name.to_owned(),
        last_name: "Example".to_owned(),
        email: format!("{}@example.org", name.to_lowercase()),
        phone: None,
        role,
        active: true,
        duty: true,
        team: None,
    };
    let now = site.app.now();
    site.app.store.write(move |tx| tx.create_user(&profile, now)).await.unwrap()
}

/// Claims must be made before answering.
async fn strict(site: &Site) {
    let now = site.app.now();
    let set = site.app.store.write(move |tx| {
        let line = tx.lines()?[0].id;
        let mut settings = tx.line_settings(line)?.unwrap();
        settings.claim_policy = Some(ClaimPolicy::Strict);
        tx.save_line_settings(line, &settings, now)
    });
    set.await.unwrap();
}

pub async fn contact(site: &Site, first: &str, last: &str, numbers: &str) -> Answer {
    let cookie = site.cookie().await;
    let fields = [("first_name", first), ("last_name", last), ("numbers", numbers)];
    site.ask(form("/contacts", &cookie, &fields)).await
}

/// An admin sets the PIN that a user's links ask for.
async fn set_pin(site: &Site, user: UserId, pin: &str) -> Answer {
    let cookie = site.cookie().await;
    site.ask(form(&format!("/people/{user}/pin"), &cookie, &[("pin", pin)])).await
}

/// A page as somebody sees it.
pub async fn seen(site: &Site, cookie: &str, path: &str, user: UserId) -> String {
    let join = if path.contains('?') { '&' } else { '?' };
    let page = site.page(&format!("{path}{join}as={user}"), cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    page.text
}

/// Presses a button of the first conversation as somebody.
pub async fn press(site: &Site, cookie: &str, act: &str, user: UserId) -> Answer {
    site.ask(form(&format!("/threads/1?as={user}"), cookie, &[("act", act)])).await
}

async fn writes(site: &Site, cookie: &str, key: &str, text: &str, user: UserId) -> Answer {
    let filled = [("key", key), ("line", "1"), ("seen", "999"), ("text", text)];
    site.ask(form(&format!("/threads/1/messages?as={user}"), cookie, &filled)).await
}

/// The value of a hidden box.
fn value_of(page: &str, name: &str) -> String {
    let start = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect(name);
    start.split('"').next().unwrap().to_owned()
}

/// S65, S66, S116, S142, S143, S149, S150, S147, S151, S152: one row a number, the newest first, with a badge
/// that goes when the conversation is opened; search finds by text, number and name.
#[tokio::test]
async fn the_list_shows_a_row_a_number_and_search_finds_it() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    site.receives(TO, "first of the one").await;
    site.later(60);
    site.receives(OTHER, "from the other").await;
    site.later(60);
    site.receives(TO, "second of the one").await;
    let page = site.page("/", &cookie).await.text;
    for tab in [
        "Active <span class=\"count\">2",
        "Team <span class=\"count\">0",
        "Closed <span class=\"count\">0",
    ] {
        assert!(page.contains(tab), "{tab}: {page}");
    }
    assert_eq!(page.matches("<li id=\"row-").count(), 2);
    assert!(page.find("second of the one") < page.find("from the other"));
    assert!(page.contains("2<span class=\"unseen\"> unread"), "{page}");
    assert!(page.contains("href=\"/threads/1\""));

    let thread = site.page("/threads/1", &cookie).await.text;
    assert!(thread.contains("first of the one") && thread.contains("Saturday 21 November 2026"));
    assert!(thread.contains("<li class=\"message in\""), "inbound is blue by its side's class");
    assert!(!page.contains("name=\"line\" data-submit"), "one line needs no filter");
    let page = site.page("/", &cookie).await.text;
    assert!(!page.contains("2<span class=\"unseen\"> unread"), "it was read");

    contact(&site, "Alisha", "Brown", OTHER).await;
    for typed in ["other", "900456", "alish", "Brown"] {
        let found = site.page(&format!("/?q={typed}"), &cookie).await.text;
        assert_eq!(found.matches("<li id=\"row-").count(), 1, "{typed}");
        assert!(found.contains("Alisha Brown") && found.contains(">Clear</a>"), "{typed}");
    }
    let nobody = site.page("/?q=zzz", &cookie).await.text;
    assert!(nobody.contains("Nobody and nothing matches"));
}

/// S115, S158, S163, S164, E125: an answer is in the conversation at once, sent twice it is sent
/// once, and a refused one keeps its words.
#[tokio::test]
async fn an_answer_is_written_counted_and_refused_without_script() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    site.receives(TO, "Is it still on?").await;
    let page = site.page("/threads/1", &cookie).await.text;
    let (key, newest) = (value_of(&page, "key"), value_of(&page, "seen"));
    let filled =
        [("key", key.as_str()), ("seen", &newest), ("line", "1"), ("text", "Yes, at three.")];
    let sent = site.ask(form("/threads/1/messages", &cookie, &filled)).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/threads/1"));
    site.ask(form("/threads/1/messages", &cookie, &filled)).await;
    assert_eq!(site.texts().await, 2, "a double click");
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("Yes, at three.") && page.contains("queued"), "{page}");

    let long = "x".repeat(60_000);
    let filled = [("key", "k2"), ("seen", "9"), ("line", "1"), ("text", &long)];
    let refused = site.ask(form("/threads/1/messages", &cookie, &filled)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("segments; 255 can be sent") && refused.text.contains(&long));
    let draft = site.page("/threads/1", &cookie).await.text;
    assert!(draft.contains(&long), "kept on the server too");

    let act = site.ask(form("/messages/2/settle", &cookie, &[("act", "cancel")])).await;
    assert_eq!(act.header("location"), "/threads/1#message-2");
    let late = site.ask(form("/messages/2/settle", &cookie, &[("act", "cancel")])).await;
    assert!(late.text.contains("The message is cancelled"), "{}", late.text);
    let custody = site.page("/messages/2", &cookie).await.text;
    assert!(custody.contains("What happened to it") && custody.contains("queued"), "{custody}");
}

/// S67, S119..S126: claimed by one, it is under Team for the other, who can neither answer nor
/// close it; a participant may close it; it then stands under Closed.
#[tokio::test]
async fn a_claim_moves_a_conversation_and_keeps_others_from_answering() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    strict(&site).await;
    let (anna, ben) =
        (person(&site, "Anna", Role::Agent).await, person(&site, "Ben", Role::Agent).await);
    site.receives(TO, "Can I bring my dog?").await;
    for user in [anna, ben] {
        let page = seen(&site, &cookie, "/threads/1", user).await;
        assert!(page.contains("Claim and answer") && !page.contains("<textarea id=\"text\""));
    }
    let early = writes(&site, &cookie, "k1", "too early", anna).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.text);

    assert_eq!(press(&site, &cookie, "claim", anna).await.status, StatusCode::SEE_OTHER);
    let second = press(&site, &cookie, "claim", ben).await;
    assert!(second.text.contains("Anna Example has claimed"), "{}", second.text);
    assert!(seen(&site, &cookie, "/", anna).await.contains("Can I bring my dog?"));
    assert!(!seen(&site, &cookie, "/", ben).await.contains("Can I bring my dog?"));
    assert!(seen(&site, &cookie, "/?tab=team", ben).await.contains("Can I bring my dog?"));
    let page = seen(&site, &cookie, "/threads/1", ben).await;
    assert!(page.contains("Anna Example has this conversation"), "{page}");
    assert!(!page.contains("Close chat"));
    assert_eq!(writes(&site, &cookie, "k2", "mine", ben).await.status, StatusCode::CONFLICT);
    assert_eq!(press(&site, &cookie, "close", ben).await.status, StatusCode::FORBIDDEN);
    let sent = writes(&site, &cookie, "k3", "Of course.", anna).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);

    let added = [("act", "add"), ("user", &ben.to_string())];
    site.ask(form(&format!("/threads/1?as={anna}"), &cookie, &added)).await;
    assert!(seen(&site, &cookie, "/", ben).await.contains("Of course."), "among his own now");
    let asked = press(&site, &cookie, "close", ben).await;
    assert!(asked.text.contains("You have not sent what you wrote"), "{}", asked.text);
    let sure = [("act", "close"), ("confirm", "1")];
    let closed = site.ask(form(&format!("/threads/1?as={ben}"), &cookie, &sure)).await;
    assert_eq!(closed.header("location"), "/");
    assert!(seen(&site, &cookie, "/?tab=closed", ben).await.contains("Of course."));
    let story = seen(&site, &cookie, "/threads/1", anna).await;
    for words in
        ["Anna Example claimed it", "Anna Example added Ben Example", "Ben Example closed it"]
    {
        assert!(story.contains(words), "{words}");
    }
    site.receives(TO, "One more thing").await;
    assert!(seen(&site, &cookie, "/", anna).await.contains("One more thing"), "S156");
}

/// S125, S136: a viewer reads and finds nothing to press.
#[tokio::test]
async fn a_viewer_reads_and_cannot_press() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let vera = person(&site, "Vera", Role::Viewer).await;
    site.receives(TO, "Hello").await;
    let page = seen(&site, &cookie, "/threads/1", vera).await;
    assert!(page.contains("You can read here, but not answer."));
    assert!(!page.contains("value=\"claim\"") && !page.contains("Add contact"));
    assert_eq!(press(&site, &cookie, "claim", vera).await.status, StatusCode::FORBIDDEN);
    let read = site.ask(form(&format!("/threads/1/read?as={vera}"), &cookie, &[])).await;
    assert_eq!(read.status, StatusCode::NO_CONTENT);
}

/// E121: an answer that went out meanwhile is shown before a second one goes.
#[tokio::test]
async fn a_second_answer_is_asked_about_when_another_went_out_meanwhile() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let (anna, ben) =
        (person(&site, "Anna", Role::Agent).await, person(&site, "Ben", Role::Agent).await);
    site.receives(TO, "Hello?").await;
    let newest = value_of(&seen(&site, &cookie, "/threads/1", ben).await, "seen");
    writes(&site, &cookie, "a1", "Anna was first", anna).await;
    let filled = [("key", "b1"), ("line", "1"), ("seen", newest.as_str()), ("text", "Ben too")];
    let path = format!("/threads/1/messages?as={ben}");
    let asked = site.ask(form(&path, &cookie, &filled)).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(asked.text.contains("Anna was first") && asked.text.contains("Send yours too?"));
    assert!(asked.text.contains("Send all the same") && asked.text.contains("Ben too</textarea>"));
    assert_eq!(site.texts().await, 2);
    let again = [&filled[..], &[("confirm", "1")]].concat();
    assert_eq!(site.ask(form(&path, &cookie, &again)).await.status, StatusCode::SEE_OTHER);
    assert_eq!(site.texts().await, 3);
}

/// S82, E123: unsent words stay, each writer's own.
#[tokio::test]
async fn a_draft_is_kept_for_each_writer_and_conversation() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let (anna, ben) =
        (person(&site, "Anna", Role::Agent).await, person(&site, "Ben", Role::Agent).await);
    site.receives(TO, "one").await;
    site.receives(OTHER, "two").await;
    for (thread, words) in [(1, "to the one"), (2, "to the other")] {
        let path = format!("/threads/{thread}/draft?as={anna}");
        let kept = site.ask(form(&path, &cookie, &[("text", words)])).await;
        assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text);
    }
    assert!(seen(&site, &cookie, "/threads/1", anna).await.contains("to the one</textarea>"));
    let page = seen(&site, &cookie, "/threads/2", anna).await;
    assert!(page.contains("to the other</textarea>"));
    assert_eq!(page.matches("<b class=\"draft\">Draft</b>").count(), 2);
    assert!(!seen(&site, &cookie, "/threads/1", ben).await.contains("to the one"));
}

/// S93, S159, S160, E146, E148: a template is filled in for this contact; a field without value
/// stops it; a character that forces Unicode is named and replaced with one press.
#[tokio::test]
async fn a_template_and_a_plainer_character_are_put_into_the_box() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let now = site.app.now();
    let made = site.app.store.write(move |tx| {
        let service = simgate::store::TemplateClass::Service;
        tx.create_template("Hello", "Hi {{ first_name }}, see you!", service, now)
    });
    let template = made.await.unwrap().to_string();
    site.receives(TO, "Hello").await;
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("Add contact") && !page.contains("id=\"field\""), "not saved");
    let insert = [("act", "template"), ("template", template.as_str()), ("line", "1")];
    let stopped = site.ask(form("/threads/1/messages", &cookie, &insert)).await;
    assert!(stopped.text.contains("&#34;first_name&#34; has no value"), "{}", stopped.text);

    contact(&site, "Sam", "Lee", TO).await;
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(!page.contains("Add contact") && page.contains("id=\"field\""));
    let filled = site.ask(form("/threads/1/messages", &cookie, &insert)).await;
    assert!(filled.text.contains("Hi Sam, see you!</textarea>"), "{}", filled.text);

    let curly = [("act", ""), ("text", "It’s fine"), ("line", "1"), ("seen", "9"), ("key", "k")];
    let counted = site.ask(form("/messages/count", &cookie, &[("text", "It’s fine")])).await;
    assert!(counted.text.contains("Unicode because of “’”: 70 a segment"), "{}", counted.text);
    let replace = [&curly[1..], &[("act", "replace")]].concat();
    let plain = site.ask(form("/threads/1/messages", &cookie, &replace)).await;
    assert!(plain.text.contains("It&#39;s fine</textarea>"), "{}", plain.text);
    assert_eq!(site.texts().await, 1, "nothing was sent");
}

/// S144, S153..S157: +New opens by number or name; what was closed is found and opens again.
#[tokio::test]
async fn new_opens_a_conversation_by_number_or_name_also_a_closed_one() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let page = site.page("/new?with=07700+900456", &cookie).await.text;
    assert!(page.contains("Write to <bdi>+447700900456</bdi>"), "{page}");
    let opened = site.ask(form("/threads", &cookie, &[("with", OTHER)])).await;
    assert_eq!(opened.header("location"), "/threads/1", "{}", opened.text);
    let filled = [("key", "k"), ("line", "1"), ("text", "Hello there")];
    site.ask(form("/threads/1/messages", &cookie, &filled)).await;
    site.ask(form("/threads/1", &cookie, &[("act", "close")])).await;
    assert!(!site.page("/", &cookie).await.text.contains("Hello there"), "off the list");
    contact(&site, "Alisha", "Brown", OTHER).await;
    let found = site.page("/new?with=alisha", &cookie).await.text;
    assert!(found.contains("Alisha Brown") && found.contains("Open chat"), "{found}");
    site.ask(form("/threads", &cookie, &[("with", OTHER)])).await;
    assert!(site.page("/", &cookie).await.text.contains("Hello there"), "with its history");
    let nobody = site.page("/new?with=nobody", &cookie).await.text;
    assert!(nobody.contains("Nobody of that name, and no number"), "{nobody}");
}

/// S69, S145, S146, S148: flags, tags and lines filter; everything is marked as read at once.
#[tokio::test]
async fn filters_show_themselves_and_everything_is_marked_as_read() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    site.line("8944110000000000002", "+447700900002").await;
    site.receives(TO, "flag me").await;
    site.receives(OTHER, "leave me").await;
    site.ask(form("/threads/1", &cookie, &[("act", "flag"), ("word", "call back")])).await;
    site.ask(form("/threads/2", &cookie, &[("act", "tags"), ("tags", "dogs, cats")])).await;
    let flagged = site.page("/?flag=any", &cookie).await.text;
    assert!(flagged.contains("flag me") && !flagged.contains("leave me"));
    assert!(
        flagged.contains("Only <bdi>Any flag</bdi></span> <a href=\"/\">Show all</a>"),
        "{flagged}"
    );
    let tagged = site.page("/?tag=cats", &cookie).await.text;
    assert!(!tagged.contains("flag me") && tagged.contains("leave me"));
    assert_eq!(site.page("/?line=2", &cookie).await.text.matches("<li id=\"row-").count(), 0);
    assert_eq!(site.page("/?line=1", &cookie).await.text.matches("<li id=\"row-").count(), 2);
    let cleared = site.ask(form("/read", &cookie, &[])).await;
    assert_eq!(cleared.header("location"), "/");
    assert!(!site.page("/", &cookie).await.text.contains("class=\"news\""));
}

/// S162, S163, E149: From is the line last used; while it is down somebody must choose another.
#[tokio::test]
async fn from_is_the_line_last_used_and_never_switched_in_silence() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let second = site.line("8944110000000000002", "+447700900002").await;
    site.receives(TO, "Hello").await;
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("<option value=\"1\" selected>"), "{page}");
    let now = site.app.now();
    let plugged = site.app.store.write(move |tx| {
        let seen = simgate::store::SeenModem { port: "usb1".into(), ..Default::default() };
        let modem = tx.upsert_modem(&seen, now)?;
        let status = simgate::store::ModemStatus {
            state: Some("ready".into()),
            line: Some(Some(second)),
            ..Default::default()
        };
        tx.modem_status(modem, &status, now)
    });
    plugged.await.unwrap();
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("<option value=\"1\" disabled>"), "{page}");
    assert!(page.contains("(not plugged in)") && page.contains("Choose a line"));
    let filled = [("key", "k"), ("seen", "9"), ("line", ""), ("text", "Hello back")];
    let refused = site.ask(form("/threads/1/messages", &cookie, &filled)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("is not plugged in. Choose the line to send from."));
    assert_eq!(site.texts().await, 1);
}

/// S54, C4: who opted out cannot be written to, and the box says since when and why.
#[tokio::test]
async fn the_box_of_somebody_who_opted_out_is_closed_with_the_day_and_the_words() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    site.receives(TO, "Hello").await;
    let token = site.token(&["send"]).await;
    let by_hand = serde_json::json!({ "number": TO, "state": "out", "how": "told us by phone" });
    site.post("/api/v1/consent", &token, by_hand).await;
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("Opted out on 21 November 2026 with “told us by phone”."), "{page}");
    assert!(!page.contains("<textarea id=\"text\""));
}

/// A note stands among the texts, is sent to nobody, and brings in whom it names.
#[tokio::test]
async fn a_note_stands_among_the_texts_and_names_somebody() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let (anna, ben) =
        (person(&site, "Anna", Role::Agent).await, person(&site, "Ben", Role::Agent).await);
    site.receives(TO, "Hello").await;
    press(&site, &cookie, "claim", anna).await;
    let note = [("act", "note"), ("text", "@ben can you look? <b>soon</b>")];
    site.ask(form(&format!("/threads/1?as={anna}"), &cookie, &note)).await;
    let page = seen(&site, &cookie, "/threads/1", ben).await;
    assert!(page.contains("@ben can you look? &#60;b&#62;soon"), "{page}");
    assert!(page.contains("Anna Example added Ben Example"));
    assert!(seen(&site, &cookie, "/", ben).await.contains("row-1"), "among his own");
    assert_eq!(site.texts().await, 1);
    // Told by their own way, once; who wrote it is not told of their own words.
    let told = site.app.store.read(|tx| tx.deliveries(10)).await.unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0].target.as_str(), &told[0].payload["thread"]),
        (&*ben.to_string(), &1.into())
    );
    let words = told[0].payload["text"].as_str().unwrap();
    assert!(words.starts_with("Anna Example named you in a note about +447700900123: @ben can"));
}

/// S165..S167: more texts than one page; the rest is one link away, in strict order. It fills a page to
/// the last text, and no link leads to an empty one before it.
#[tokio::test]
async fn a_long_conversation_is_read_page_by_page() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    for n in 0..100 {
        site.receives(TO, &format!("text number {n:02}.")).await;
        site.later(1);
    }
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("text number 99.") && !page.contains("text number 49."));
    assert!(page.find("number 50.") < page.find("number 51."));
    let earlier = page.split("id=\"earlier\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let page = site.page(earlier, &cookie).await.text;
    assert!(page.contains("text number 49.") && !page.contains("text number 50."));
    assert!(page.contains("Newest texts") && !page.contains("id=\"earlier\""));
}

/// E99: contacts are added, changed, made one and made two again.
#[tokio::test]
async fn contacts_are_kept_merged_and_parted_again() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let made = contact(&site, "Sam", "Lee", TO).await;
    assert_eq!(made.header("location"), "/contacts/1", "{}", made.text);
    contact(&site, "Samuel", "Lee", OTHER).await;
    let bad = contact(&site, "Nobody", "", "not a number").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("value=\"Nobody\"") && bad.text.contains("not a number</textarea>"));
    let fields =
        [("first_name", "Sam"), ("last_name", "Lee"), ("numbers", TO), ("fields", "car: red")];
    let saved = site.ask(form("/contacts/1", &cookie, &fields)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let page = site.page("/contacts/1", &cookie).await.text;
    assert!(page.contains("car: red</textarea>") && page.contains("Samuel Lee"), "{page}");
    site.ask(form("/contacts/1/act", &cookie, &[("act", "merge"), ("other", "2")])).await;
    let one = site.page("/contacts/1", &cookie).await.text;
    assert!(one.contains(OTHER) && one.contains("is shown as part of this contact"));
    assert!(!site.page("/contacts", &cookie).await.text.contains("Samuel"));
    site.ask(form("/contacts/1/act", &cookie, &[("act", "split"), ("other", "2")])).await;
    assert!(site.page("/contacts", &cookie).await.text.contains("Samuel Lee"));
    let file = site.page("/contacts.csv", &cookie).await;
    assert!(
        file.text.starts_with("first_name,last_name,numbers,language,notes,car"),
        "{}",
        file.text
    );
    let cards = site.page("/contacts.vcf", &cookie).await;
    assert!(cards.header("content-type").starts_with("text/vcard"));
    assert_eq!(cards.text.matches("BEGIN:VCARD").count(), 2);
    assert!(cards.text.contains(&format!("TEL;TYPE=CELL:{TO}\r\n")), "{}", cards.text);
}

/// A file is shown first and becomes contacts when somebody says so.
#[tokio::test]
async fn a_file_of_contacts_is_shown_before_it_is_kept() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    contact(&site, "Sam", "", TO).await;
    let file = format!("name,number,car\nSam Lee,{TO},red\nAlisha,{OTHER},blue\nBad,xyz,\n");
    let shown = upload(&site, &cookie, &[("file", &file)]).await;
    assert!(
        shown.contains("<b>1</b> new, <b>1</b> known") && shown.contains("<b>1</b> left out"),
        "{shown}"
    );
    assert!(!site.page("/contacts", &cookie).await.text.contains("Alisha"), "not kept yet");
    let kept = upload(&site, &cookie, &[("text", &file), ("keep", "1")]).await;
    assert!(kept.contains("<b>1</b> added, <b>1</b> completed"), "{kept}");
    assert!(site.page("/contacts", &cookie).await.text.contains("Alisha"));
    let sam = site.page("/contacts/1", &cookie).await.text;
    assert!(sam.contains("car: red") && sam.contains("value=\"Sam\""), "{sam}");
}

/// A file as a browser posts it.
async fn upload(site: &Site, cookie: &str, parts: &[(&str, &str)]) -> String {
    let mut body = String::new();
    for (name, value) in parts {
        let file = if *name == "file" { "; filename=\"x.csv\"" } else { "" };
        body.push_str(&format!(
            "--edge\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--edge--\r\n");
    let request = crate::site::request(axum::http::Method::POST, "/contacts/import")
        .header("cookie", cookie)
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=edge");
    let answer = site.ask(request.body(body.into()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.text
}

/// S139, S140, S168: from every page the inbox is one press away, and help for it.
#[tokio::test]
async fn every_page_leads_to_the_inbox_and_to_its_help() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    site.receives(TO, "Hello").await;
    let help = site.page("/help", &cookie).await.text;
    for path in
        ["/", "/threads/1", "/messages/1", "/new", "/contacts", "/contacts/new", "/docs/api"]
    {
        let page = site.page(path, &cookie).await.text;
        assert!(page.contains("<a class=\"shortcut\" href=\"/\" id=\"unread\""), "{path}");
        let topic = page.split("href=\"/help#").nth(1).expect(path).split('"').next().unwrap();
        assert!(help.contains(&format!("<section id=\"{topic}\"")), "{path}: {topic}");
    }
}

/// E155: the inbox can be installed where the browser trusts the way to it.
#[tokio::test]
async fn the_inbox_can_be_installed() {
    let site = Site::new().await;
    let manifest = site.get("/manifest.webmanifest", "").await;
    assert_eq!(manifest.header("content-type"), "application/manifest+json");
    assert_eq!(manifest.json()["display"], "standalone");
    assert!(site.get("/sw.js", "").await.header("content-type").starts_with("text/javascript"));
    assert!(site.get("/offline", "").await.text.contains("cannot be reached"));
    assert!(site.get("/badge/7", "").await.text.contains(">7</text>"));
    assert!(site.get("/badge/700", "").await.text.contains(">99</text>"));
}

/// E120 by the page: of two who press at the same instant one has it, the other is told who.
#[tokio::test]
async fn of_two_who_claim_at_once_one_has_it() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let (anna, ben) =
        (person(&site, "Anna", Role::Agent).await, person(&site, "Ben", Role::Agent).await);
    site.receives(TO, "Hello").await;
    let (one, two) =
        tokio::join!(press(&site, &cookie, "claim", anna), press(&site, &cookie, "claim", ben));
    let won = [one.status, two.status].iter().filter(|s| **s == StatusCode::SEE_OTHER).count();
    assert_eq!(won, 1, "{} {}", one.text, two.text);
    let owner = site.app.store.read(|tx| tx.conversation(ConversationId(1))).await.unwrap();
    assert!(owner.unwrap().owner.is_some());
}

/// S113, C20, E153: a look at the link in a notice spends nothing; its button opens that one
/// conversation, once, also for somebody without a login; nothing else is open to them.
#[tokio::test]
async fn a_notices_link_opens_one_conversation_once() {
    let site = Site::new().await;
    let nora = person(&site, "Nora", Role::Notified).await;
    site.receives(TO, "Is anybody there?").await;
    site.receives(OTHER, "not for her").await;
    let link = thread_link(&site.app, nora, ConversationId(1)).await.unwrap();
    for _ in 0..3 {
        let look = site.page(&link, "").await;
        assert!(look.status == StatusCode::OK && !look.text.contains("anybody"), "{}", look.text);
    }
    let opened = site.ask(form(&link, "", &[])).await;
    assert_eq!(opened.header("location"), "/threads/1", "{}", opened.text);
    let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(site.ask(form(&link, "", &[])).await.status, StatusCode::GONE, "once");
    assert_eq!(site.page(&link, "").await.status, StatusCode::GONE);

    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("Is anybody there?") && !page.contains("not for her"), "{page}");
    assert_eq!(site.page("/", &cookie).await.header("location"), "/threads/1");
    for path in ["/threads/2", "/contacts", "/account", "/docs/api?x", "/threads/1/export"] {
        let closed = site.page(path, &cookie).await;
        let shut = closed.status.is_client_error() || path.starts_with("/docs");
        assert!(shut && !closed.text.contains("not for her"), "{path}: {}", closed.status);
    }
    let other = site.page("/messages/2", &cookie).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    let claimed = site.ask(form("/threads/1", &cookie, &[("act", "claim")])).await;
    assert_eq!(claimed.status, StatusCode::SEE_OTHER, "{}", claimed.text);
    let filled = [("key", "k"), ("line", "1"), ("seen", "9"), ("text", "Yes, I am.")];
    let sent = site.ask(form("/threads/1/messages", &cookie, &filled)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    site.later(13 * 3_600);
    assert_eq!(site.page("/threads/1", &cookie).await.header("location"), "/signin", "over");
}

/// C20: where a PIN is set the link asks for it; after a few wrong ones it opens nothing. E153: an old
/// link leads to the sign-in page.
#[tokio::test]
async fn a_notices_link_asks_for_the_pin_and_ends() {
    let site = Site::new().await;
    let nora = person(&site, "Nora", Role::Notified).await;
    let weak = set_pin(&site, nora, "47x1").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.text.contains("A PIN has 4 to 12 digits."), "{}", weak.text);
    let set = set_pin(&site, nora, "4711").await;
    assert_eq!(set.header("location"), format!("/people/{nora}?done=pin"), "{}", set.text);
    site.receives(TO, "Hello").await;
    let link = thread_link(&site.app, nora, ConversationId(1)).await.unwrap();
    assert!(site.page(&link, "").await.text.contains("Your PIN"));
    let wrong = site.ask(form(&link, "", &[("pin", "0000")])).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("That is not the PIN."));
    let right = site.ask(form(&link, "", &[("pin", "4711")])).await;
    assert_eq!(right.header("location"), "/threads/1", "{}", right.text);

    let link = thread_link(&site.app, nora, ConversationId(1)).await.unwrap();
    for _ in 0..5 {
        site.ask(form(&link, "", &[("pin", "0000")])).await;
    }
    assert_eq!(site.ask(form(&link, "", &[("pin", "4711")])).await.status, StatusCode::GONE);
    let link = thread_link(&site.app, nora, ConversationId(1)).await.unwrap();
    site.later(25 * 3_600);
    let old = site.page(&link, "").await;
    assert!(old.status == StatusCode::GONE && old.text.contains("href=\"/signin\""));
}
