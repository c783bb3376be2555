//! What people at the desk decide on a conversation's page: closing it with something unfinished,
//! consent told by other ways, a number with a new owner, one person under two numbers.

use axum::http::StatusCode;
use serde_json::json;
use simgate::store::Role;
use simgate::types::ConversationId;

use crate::inbox::{OTHER, TO, contact, person, press, seen};
use crate::shop::{BOB, JENNY, Shop};
use crate::site::{Site, form};

/// C8: a contact with two numbers has a conversation under each, and a view of both in the order
/// they came; an answer is written in its own one.
#[tokio::test]
async fn a_contact_with_two_numbers_has_a_view_of_both_conversations() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    site.receives(TO, "first, from the mobile").await;
    contact(&site, "Sam", "Lee", &format!("{TO}\n{OTHER}")).await;
    let alone = site.page("/contacts/1", &cookie).await.text;
    assert!(!alone.contains("/contacts/1/texts"), "one conversation needs no such view");
    site.receives(OTHER, "second, from the other").await;
    site.receives(TO, "third, from the mobile").await;
    site.receives("+447700900999", "from a stranger").await;
    assert!(site.page("/contacts/1", &cookie).await.text.contains("/contacts/1/texts"));
    assert!(site.page("/threads/1", &cookie).await.text.contains("/contacts/1/texts"));
    let joined = site.page("/contacts/1/texts", &cookie).await.text;
    let at = |text: &str| joined.find(text).unwrap_or_else(|| panic!("{text}: {joined}"));
    assert!(at("first, from") < at("second, from") && at("second, from") < at("third, from"));
    assert!(!joined.contains("from a stranger"));
    assert!(joined.contains(&format!("with {OTHER}")) && joined.contains("href=\"/threads/2\""));
    for n in 0..60 {
        site.receives(if n % 2 == 0 { TO } else { OTHER }, &format!("text number {n:02}.")).await;
    }
    let newest = site.page("/contacts/1/texts", &cookie).await.text;
    assert!(newest.contains("number 59.") && newest.contains("number 10."));
    assert!(!newest.contains("number 09."));
    let earlier = newest.split("id=\"earlier\" href=\"").nth(1).unwrap();
    let earlier = site.page(earlier.split('"').next().unwrap(), &cookie).await.text;
    assert!(earlier.contains("number 09.") && earlier.contains("first, from the mobile"));
    assert_eq!(site.page("/contacts/9/texts", &cookie).await.status, StatusCode::NOT_FOUND);
}

/// E127: closing asks first when something of it is unfinished, and then keeps it.
#[tokio::test]
async fn closing_asks_first_when_something_is_unfinished() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let (anna, ben) =
        (person(&site, "Anna", Role::Agent).await, person(&site, "Ben", Role::Agent).await);
    site.receives(TO, "Hello").await;
    let words = [("text", "half a thought"), ("line", "1")];
    site.ask(form(&format!("/threads/1/draft?as={anna}"), &cookie, &words)).await;
    press(&site, &cookie, "claim", anna).await;
    let asked = press(&site, &cookie, "close", anna).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(asked.text.contains("You have not sent what you wrote"), "{}", asked.text);
    assert!(asked.text.contains("half a thought</textarea>"), "nothing is lost");
    let state = async || site.app.store.read(|tx| tx.conversation(ConversationId(1))).await;
    assert!(!state().await.unwrap().unwrap().closed);
    // Somebody else's draft is their own affair.
    let sure = [("act", "close"), ("confirm", "1")];
    let closed = site.ask(form(&format!("/threads/1?as={anna}"), &cookie, &sure)).await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text);
    assert!(state().await.unwrap().unwrap().closed);
    assert!(seen(&site, &cookie, "/threads/1", anna).await.contains("half a thought</textarea>"));

    press(&site, &cookie, "reopen", ben).await;
    let admin = site.admin().await;
    let later = [("key", "k"), ("line", "1"), ("seen", "9"), ("text", "Reminder")];
    let later = [&later[..], &[("send_at", "2026-11-23T09:00")]].concat();
    press(&site, &cookie, "take", admin).await;
    let sent = site.ask(form(&format!("/threads/1/messages?as={admin}"), &cookie, &later)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let asked = press(&site, &cookie, "close", admin).await;
    assert!(asked.text.contains("One text is still to leave"), "{}", asked.text);
    let sure = site.ask(form(&format!("/threads/1?as={admin}"), &cookie, &sure)).await;
    assert_eq!(sure.status, StatusCode::SEE_OTHER);
    let waits = site.page("/queue", &cookie).await.text;
    assert!(waits.contains("Reminder"), "what was to leave still does: {waits}");
}

/// E81: words that may be an opt-out are decided on with one press, either way; an opt-out told by
/// another way than a text is noted with how.
#[tokio::test]
async fn a_possible_opt_out_is_decided_on_the_page() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let agent = person(&site, "Anna", Role::Agent).await;
    let doubt = async || {
        let now = site.app.now();
        let set =
            site.app.store.write(move |tx| tx.set_possible_opt_out(ConversationId(1), true, now));
        set.await.unwrap();
    };
    site.receives(TO, "take me off your list").await;
    doubt().await;
    let page = seen(&site, &cookie, "/threads/1", agent).await;
    assert!(page.contains("They did not mean it") && page.contains("value=\"opt_out\""), "{page}");
    press(&site, &cookie, "not_opt_out", agent).await;
    let page = seen(&site, &cookie, "/threads/1", agent).await;
    assert!(!page.contains("They did not mean it") && page.contains("They want no more texts"));
    doubt().await;
    let told = [("act", "opt_out"), ("how", "told us by phone")];
    let out = site.ask(form(&format!("/threads/1?as={agent}"), &cookie, &told)).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text);
    let page = seen(&site, &cookie, "/threads/1", agent).await;
    assert!(page.contains("Opted out on 21 November 2026") && page.contains("told us by phone"));
    assert!(!page.contains("possible opt-out"), "decided: {page}");
}

/// E95: to what somebody asked after opting out an admin may answer once, with a reason; nobody
/// else is offered that, and nobody before they have asked.
#[tokio::test]
async fn an_admin_answers_somebody_who_opted_out_once_and_says_why() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let agent = person(&site, "Anna", Role::Agent).await;
    site.receives(TO, "Hello").await;
    let told = [("act", "opt_out"), ("how", "told us by phone")];
    site.ask(form("/threads/1", &cookie, &told)).await;
    site.later(60);
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("Opted out on") && !page.contains("answer once"), "{page}");
    site.receives(TO, "When do you close?").await;
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("answer once") && page.contains("name=\"exception\""), "{page}");
    let shut = seen(&site, &cookie, "/threads/1", agent).await;
    assert!(!shut.contains("name=\"exception\""), "an admin decides");
    let answer = async |path: &str, key: &str, why: &str| {
        let filled = [("key", key), ("line", "1"), ("seen", "9"), ("text", "At six.")];
        let filled = [&filled[..], &[("exception", why)]].concat();
        site.ask(form(path, &cookie, &filled)).await
    };
    let by_agent = format!("/threads/1/messages?as={agent}");
    let refused = answer(&by_agent, "a", "asked").await;
    assert!(refused.text.contains("Opted out on") && site.texts().await == 2, "{}", refused.text);
    let wordless = answer("/threads/1/messages", "b", "").await;
    assert_eq!(wordless.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wordless.text.contains("At six.</textarea>"), "nothing typed is lost");
    let sent = answer("/threads/1/messages", "c", "asked when we close").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("At six.") && !page.contains("name=\"exception\""), "once: {page}");
    let log = site.page("/audit", &cookie).await.text;
    assert!(log.contains("consent exception"), "{log}");
}

/// E137: an admin says that a number has a new owner, after being asked; what was written before is
/// not shown any more.
#[tokio::test]
async fn a_new_owner_of_a_number_is_noted_on_its_page() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let agent = person(&site, "Anna", Role::Agent).await;
    site.receives(TO, "my secret order").await;
    contact(&site, "Sam", "Lee", TO).await;
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("href=\"/threads/1/new-owner\""), "{page}");
    assert!(!seen(&site, &cookie, "/threads/1", agent).await.contains("new-owner"));
    let asked = site.page("/threads/1/new-owner", &cookie).await.text;
    assert!(asked.contains("nothing of it is deleted") && asked.contains("Sam Lee"), "{asked}");
    let cut = site.ask(form("/threads/1/new-owner", &cookie, &[])).await;
    assert_eq!(cut.header("location"), "/threads/1", "{}", cut.text);
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(!page.contains("my secret order") && page.contains("Add contact"), "{page}");
    assert!(site.page("/audit", &cookie).await.text.contains("conversation new owner"));
}

/// Whom a note names with an @ is told by their own way: by SMS where no mail leaves.
#[tokio::test(start_paused = true)]
async fn a_person_named_in_a_note_is_told_by_sms_where_no_mail_leaves() {
    let shop = Shop::open().await;
    shop.types(BOB, "Where is my order?");
    shop.reads(JENNY, 1).await;
    let (_, list) = shop.gateway.call("GET", "/api/v1/conversations?q=order", None).await;
    let thread = list["items"][0]["id"].as_str().expect("the conversation").to_owned();
    let notes = format!("/api/v1/conversations/{thread}/notes");
    let note = json!({ "text": "@Jenny please call him back" });
    let (status, _) = shop.gateway.call("POST", &notes, Some(note)).await;
    assert_eq!(status, StatusCode::CREATED);
    let told = shop.reads(JENNY, 2).await;
    assert!(told.contains("named you in a note about Bob: @Jenny please call him back"), "{told}");
}
