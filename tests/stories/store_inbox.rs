//! The inbox as the store keeps it: contacts, conversations, tabs, claims, search, erasure, audit.

use proptest::prelude::*;
use serde_json::json;
use simgate::store::{
    Author, AuthorKind, Card, Claim, ContactQuery, ConversationQuery, Erasure, Filing, Kind,
    LineId, NewInbound, NewSegment, Profile, Recognised, Role, Source, StoreError, Tab, UserId,
    WriteTx,
};
use simgate::types::{Class, ConversationId, MessageId, Millis, Number, UnixTime};

use crate::store::{Bench, T0, at, phone, sim, text_to};

/// A text from `from`, as intake stores it.
fn receive(
    tx: &WriteTx<'_>,
    line: LineId,
    from: &Number,
    text: &str,
    filing: &Filing,
    now: UnixTime,
) -> Result<MessageId, StoreError> {
    let segment = NewSegment {
        line,
        tpdu: format!("{} {text}", tx.last_change()?).into_bytes(),
        sender: Some(from.clone()),
        sender_raw: from.as_str().to_owned(),
        concat: None,
        scts: None,
        stored: None,
        error: None,
        received_at: now,
    };
    let Recognised::New(fresh) = tx.recognise(&segment)? else { panic!("seen before") };
    let new = NewInbound {
        line,
        source: Source::Whole(fresh),
        sender: Some(from.clone()),
        text: text.to_owned(),
        kind: Kind::Text,
        alphabet: None,
        flash: false,
        segments: 1,
        present: 1,
        scts: None,
        error: None,
        received_at: now,
    };
    tx.publish_filed(&new, filing).map(|published| published.message)
}

fn profile(first: &str, role: Role) -> Profile {
    Profile {
        first_name: first.to_owned(),
        last_name: String::new(),
        email: format!("{first}@example.org"),
        phone: None,
        role,
        active: true,
        duty: true,
        team: None,
    }
}

impl Bench {
    async fn user(&self, first: &'static str) -> UserId {
        self.write(move |tx| tx.create_user(&profile(first, Role::Agent), T0)).await
    }

    async fn receives(&self, from: u16, text: &str, now: UnixTime) -> ConversationId {
        let (line, text) = (self.line, text.to_owned());
        self.write(move |tx| {
            let message = receive(tx, line, &phone(from), &text, &Filing::default(), now)?;
            Ok(tx.message(message)?.and_then(|m| m.conversation).expect("a conversation"))
        })
        .await
    }

    async fn listed(&self, query: ConversationQuery) -> Vec<ConversationId> {
        let found = self.store.read(move |tx| tx.conversations(&query)).await.expect("read");
        found.into_iter().map(|conversation| conversation.id).collect()
    }

    async fn found(&self, typed: &str) -> Vec<ConversationId> {
        let search = Some(typed.to_owned());
        self.listed(ConversationQuery { search, ..ConversationQuery::default() }).await
    }

    async fn tab(&self, viewer: UserId, tab: Tab) -> Vec<ConversationId> {
        let query =
            ConversationQuery { viewer: Some(viewer), tab: Some(tab), ..Default::default() };
        self.listed(query).await
    }
}

/// S122, S123, S124, S125: who sees a conversation in which tab, and how many stand there.
#[tokio::test]
async fn a_claimed_conversation_moves_to_the_others_team_tab() {
    let bench = Bench::new().await;
    let (ann, bob) = (bench.user("ann").await, bench.user("bob").await);
    let free = bench.receives(1, "hello", at(1)).await;
    let held = bench.receives(2, "hello", at(2)).await;
    let shut = bench.receives(3, "hello", at(3)).await;
    bench
        .write(move |tx| {
            assert_eq!(tx.claim(held, ann, at(4))?, Claim::Won);
            tx.close_conversation(shut, at(4))
        })
        .await;
    assert_eq!(bench.tab(ann, Tab::Active).await, [held, free]);
    assert_eq!(bench.tab(bob, Tab::Active).await, [free]);
    assert_eq!(bench.tab(bob, Tab::Team).await, [held]);
    assert_eq!(bench.tab(bob, Tab::Closed).await, [shut]);
    bench.write(move |tx| tx.add_participant(held, bob, at(5))).await;
    assert_eq!(bench.tab(bob, Tab::Active).await, [held, free]);
    assert_eq!(bench.tab(bob, Tab::Team).await, []);
    let counted = bench
        .store
        .read(move |tx| Ok((tx.tab_counts(Some(bob), None)?, tx.unread_for(Some(bob))?)));
    let (counts, unread) = counted.await.expect("read");
    assert_eq!((counts.active, counts.team, counts.closed, unread), (2, 0, 1, 3));
}

/// S120, S121, E120: of two hundred claims one wins, and the losers learn who.
#[tokio::test]
async fn of_many_claims_one_wins() {
    let bench = Bench::new().await;
    let thread = bench.receives(1, "hello", at(1)).await;
    let mut users = Vec::new();
    for n in 0..200 {
        let who = Profile { email: format!("{n}@example.org"), ..profile("p", Role::Agent) };
        users.push(bench.write(move |tx| tx.create_user(&who, T0)).await);
    }
    let claims = users.iter().map(|user| {
        let (store, user) = (bench.store.clone(), *user);
        tokio::spawn(
            async move { (user, store.write(move |tx| tx.claim(thread, user, at(2))).await) },
        )
    });
    let mut outcomes = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        outcomes.push(claim.await.expect("no panic"));
    }
    let won: Vec<_> =
        outcomes.iter().filter(|(_, o)| matches!(o, Ok(Claim::Won))).map(|(u, _)| *u).collect();
    let [winner] = won[..] else { panic!("{won:?}") };
    let lost = outcomes.iter().filter(|(_, o)| matches!(o, Ok(Claim::Held(by)) if *by == winner));
    assert_eq!(lost.count(), 199);
}

/// E122, E123: what is left alone, or whose claimer is gone, is everybody's again.
#[tokio::test]
async fn claims_end_with_idleness_and_with_the_account() {
    let bench = Bench::new().await;
    let (ann, bob) = (bench.user("ann").await, bench.user("bob").await);
    let (first, second) =
        (bench.receives(1, "a", at(1)).await, bench.receives(2, "b", at(1)).await);
    bench
        .write(move |tx| {
            tx.claim(first, ann, at(10))?;
            tx.claim(second, bob, at(10))?;
            tx.owner_acted(second, bob, at(100))?;
            assert_eq!(tx.release_idle(Millis::from_secs(60), at(110))?, [first]);
            assert!(tx.hand_over(second, Some(bob), Some(ann), at(111))?, "taken over");
            assert!(!tx.hand_over(second, Some(bob), None, at(112))?, "not his any more");
            let gone = Profile { active: false, ..profile("ann", Role::Agent) };
            assert_eq!(tx.save_user(ann, &gone, at(113))?, [second]);
            assert_eq!(tx.conversation(second)?.expect("it").owner, None);
            Ok(())
        })
        .await;
}

/// S64, S154..S157, C4, C10, E126: traffic opens a closed conversation, consent words do not.
#[tokio::test]
async fn a_closed_conversation_opens_by_traffic_but_not_by_stop() {
    let bench = Bench::new().await;
    let (ann, line) = (bench.user("ann").await, bench.line);
    let thread = bench.receives(1, "hello", at(1)).await;
    bench
        .write(move |tx| {
            tx.claim(thread, ann, at(2))?;
            tx.mark_read_by(thread, Some(ann), at(2))?;
            tx.close_conversation(thread, at(3))?;
            let quiet =
                Filing { badge: false, reopen: false, mark: Some("opt_out"), ..Filing::default() };
            let stop = receive(tx, line, &phone(1), "STOP", &quiet, at(4))?;
            let now = tx.conversation_for(thread, Some(ann))?.expect("it");
            assert!(now.closed && now.unread == 0, "it stands there, without badge");
            assert_eq!(now.last_message, Some(stop));
            assert_eq!(tx.message(stop)?.expect("it").mark.as_deref(), Some("opt_out"));
            receive(tx, line, &phone(1), "are you there?", &Filing::default(), at(5))?;
            let now = tx.conversation_for(thread, Some(ann))?.expect("it");
            assert!(!now.closed && now.unread == 1);
            assert_eq!(now.owner, Some(ann), "the claimer keeps it");
            tx.close_conversation(thread, at(6))?;
            tx.save_user(ann, &Profile { active: false, ..profile("ann", Role::Agent) }, at(7))?;
            tx.enqueue(&text_to(line, 1, Class::Conversation), None, at(8))?;
            let now = tx.conversation(thread)?.expect("it");
            assert!(!now.closed && now.owner.is_none(), "sent to: open, and nobody's");
            Ok(())
        })
        .await;
}

/// S145, S150, S151, E128: what one has read is still news to the other; answered is for all.
#[tokio::test]
async fn reading_is_each_users_own_and_answering_everybodys() {
    let bench = Bench::new().await;
    let line = bench.line;
    bench.receives(1, "before they came", at(1)).await;
    let (ann, bob) = (bench.user("ann").await, bench.user("bob").await);
    let thread = bench.receives(1, "one", at(2)).await;
    bench.receives(1, "two", at(3)).await;
    bench
        .write(move |tx| {
            assert_eq!((tx.unread_for(Some(ann))?, tx.unread()?), (2, 3));
            tx.mark_read_by(thread, Some(ann), at(4))?;
            assert_eq!((tx.unread_for(Some(ann))?, tx.unread_for(Some(bob))?), (0, 2));
            assert!(!tx.conversation(thread)?.expect("it").answered);
            tx.enqueue(&text_to(line, 1, Class::Conversation), None, at(5))?;
            assert!(tx.conversation(thread)?.expect("it").answered);
            tx.mark_all_read(Some(bob), at(6))?;
            assert_eq!(tx.unread_for(Some(bob))?, 0);
            receive(tx, line, &phone(1), "three", &Filing::default(), at(7))?;
            assert_eq!((tx.unread_for(Some(ann))?, tx.unread_for(Some(bob))?), (1, 1));
            Ok(())
        })
        .await;
}

/// S65, S69, S146, E132, E133: the newest text first; flags and lines are views; short codes and names stand apart.
#[tokio::test]
async fn flags_and_lines_filter_the_list() {
    let bench = Bench::new().await;
    let second = bench.write(|tx| tx.upsert_line(&sim("8944000000000000002"), T0)).await;
    let thread = bench.receives(1, "hello", at(1)).await;
    let other = bench.receives(2, "hello", at(2)).await;
    bench
        .write(move |tx| {
            receive(tx, second, &phone(1), "and here", &Filing::default(), at(3))?;
            tx.set_flag(other, Some("call back"), at(4))?;
            tx.add_tag(other, "vip", at(4))?;
            tx.add_tag(other, "vip", at(4))?;
            assert_eq!(tx.conversation(other)?.expect("it").tags, ["vip"]);
            for remote in [Number::ShortCode("12345".into()), Number::Alphanumeric("12345".into())]
            {
                receive(tx, second, &remote, "code", &Filing::default(), at(5))?;
            }
            Ok(())
        })
        .await;
    let on = |line| ConversationQuery { line: Some(line), ..ConversationQuery::default() };
    assert_eq!(bench.listed(on(bench.line)).await, [thread, other], "ever on it");
    assert_eq!(bench.listed(on(second)).await.len(), 3, "12345 twice: a code and a name");
    let flagged = |word: &str| ConversationQuery { flag: Some(word.into()), ..Default::default() };
    assert_eq!(bench.listed(flagged("")).await, [other]);
    assert_eq!(bench.listed(flagged("call back")).await, [other]);
    assert_eq!(bench.listed(flagged("other")).await, []);
}

/// S142: names, numbers and words find a conversation, in any case and accent.
#[tokio::test]
async fn a_conversation_is_found_by_name_number_and_text() {
    let bench = Bench::new().await;
    let thread = bench.receives(1, "Où est la crème brûlée?", at(1)).await;
    let other = bench.receives(2, "Das Straßenfest", at(2)).await;
    let shared = Card {
        first_name: "Zoë".into(),
        last_name: "O'Neil".into(),
        numbers: vec![phone(2), phone(9)],
        ..Card::default()
    };
    let twin = Card { first_name: "Twin".into(), numbers: vec![phone(2)], ..Card::default() };
    bench
        .write(move |tx| {
            tx.create_contact(&shared, at(3))?;
            tx.create_contact(&twin, at(3)).map(|_| ())
        })
        .await;
    for typed in ["creme", "CRÈME brul", "07700 900001", "+447700900001"] {
        assert_eq!(bench.found(typed).await, [thread], "{typed}");
    }
    for typed in ["zoe", "ZOË", "o'neil zoe", "twin", "straßen"] {
        assert_eq!(bench.found(typed).await, [other], "{typed}");
    }
    for typed in ["nobody", "\"", "* OR", "creme zoe"] {
        assert_eq!(bench.found(typed).await, [], "{typed}");
    }
    let named = bench.store.read(move |tx| tx.conversation(other)).await.expect("read");
    assert_eq!(named.and_then(|c| c.contact).map(|(_, name)| name).as_deref(), Some("Zoë O'Neil"));
    let query = ContactQuery { search: Some("900002".into()), ..ContactQuery::default() };
    assert_eq!(bench.store.read(move |tx| tx.contacts(&query)).await.expect("read").len(), 2);
}

/// E23: a number gets a name; a contact's number can change without anything moving.
#[tokio::test]
async fn naming_a_number_makes_or_renames_its_contact() {
    let bench = Bench::new().await;
    bench
        .write(|tx| {
            let made = tx.name_number(&phone(1), "Alisha B.", at(1))?;
            assert_eq!(tx.name_number(&phone(1), "Alisha  Bee", at(2))?, made);
            let mut contact = tx.contact_of(&phone(1))?.expect("it");
            assert_eq!(contact.name(), "Alisha Bee");
            contact.card.numbers = vec![phone(3)];
            tx.save_contact(made, &contact.card, at(3))?;
            assert!(tx.contact_of(&phone(1))?.is_none());
            assert!(tx.contact_of(&phone(3))?.is_some());
            assert!(tx.delete_contact(made, at(4))? && !tx.delete_contact(made, at(4))?);
            Ok(())
        })
        .await;
}

/// E103, E157: nothing of the number stays in the file but a salted hash, and its old SMS does not
/// come back as new from the SIM.
#[tokio::test]
async fn an_erased_number_leaves_no_trace_in_the_file() {
    let bench = Bench::new().await;
    let line = bench.line;
    let thread = bench.receives(1, "secretword", at(1)).await;
    let other = bench.receives(2, "ask 07700 900001 about it", at(2)).await;
    let card = Card { first_name: "Erasmus".into(), numbers: vec![phone(1)], ..Card::default() };
    let by = Author { kind: AuthorKind::System, id: None };
    let erased = bench
        .write(move |tx| {
            tx.create_contact(&card, at(3))?;
            tx.add_note(thread, &by, "secretnote", at(3))?;
            tx.enqueue(&text_to(line, 1, Class::Conversation), None, at(3))?;
            let dossier = tx.dossier(&phone(1))?;
            assert_eq!((dossier.messages.len(), dossier.notes.len()), (2, 1));
            assert_eq!((dossier.contacts.len(), dossier.mentioned_in), (1, vec![other]));
            tx.suppress_hashed(&phone(1), "salt", at(4))?;
            tx.erase(&phone(1), at(4))
        })
        .await;
    let Erasure::Done(erased) = erased else { panic!("{erased:?}") };
    assert_eq!((erased.messages, erased.contacts, erased.notes), (2, 1, 1));
    assert_eq!(erased.mentioned_in, [other]);
    assert_eq!(bench.found("secretword").await, []);
    let suppressed =
        bench.store.read(|tx| Ok((tx.is_suppressed(&phone(1))?, tx.is_suppressed(&phone(2))?)));
    assert_eq!(suppressed.await.expect("read"), (true, false));
    bench.store.close().await.expect("close");
    let file = std::fs::read(bench.store.path()).expect("the file");
    for word in ["secretword", "secretnote", "Erasmus", "+447700900001"] {
        let found = file.windows(word.len()).any(|octets| octets == word.as_bytes());
        assert!(!found, "{word} is still in the file");
    }
}

/// Issue item 11: the log seals itself; a row changed from outside shows.
#[tokio::test]
async fn the_audit_log_shows_where_it_was_changed() {
    let bench = Bench::new().await;
    let by = Author::of_user(UserId(7));
    bench
        .write(move |tx| {
            for n in 0..5 {
                let subject = Some(n.to_string());
                tx.audit(&by, "contact.changed", subject, &json!({ "fields": ["notes"] }), at(n))?;
            }
            assert_eq!(tx.audit_broken_at()?, None);
            let page = tx.audit_log(None, 2)?;
            assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [5, 4]);
            assert_eq!(tx.audit_log(Some(4), 9)?.len(), 3);
            Ok(())
        })
        .await;
    bench.store.close().await.expect("close");
    let conn = rusqlite::Connection::open(bench.store.path()).expect("open");
    assert!(conn.execute("UPDATE audit SET action = 'x'", []).is_err(), "append-only");
    assert!(conn.execute("DELETE FROM audit", []).is_err(), "append-only");
    conn.execute_batch(
        "DROP TRIGGER audit_is_not_changed; UPDATE audit SET subject = '9' WHERE id = 3;",
    )
    .expect("forgery");
    drop(conn);
    let again = simgate::store::Store::open(bench.dir.path()).await.expect("open");
    assert_eq!(again.read(|tx| tx.audit_broken_at()).await.expect("read"), Some(3));
}

/// S142: of a word that stands in very many texts the newest are looked at, as a whole word or by its
/// beginning; what is said less often is found however old it is.
#[tokio::test]
async fn a_word_of_very_many_texts_finds_the_newest() {
    let bench = Bench::new().await;
    let rare = bench.receives(1, "two reorders and an order", at(1)).await;
    let chatty = bench.receives(2, "order", at(2)).await;
    let conn = rusqlite::Connection::open(bench.store.path()).expect("open");
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
                INSERT INTO messages (conversation_id, line_id, direction, state, number_key, text, created_at)
                SELECT conversation_id, line_id, direction, state, number_key, 'my order', created_at
                  FROM n, messages WHERE text = 'order'";
    assert_eq!(conn.execute(many, []).expect("written"), 2_500);
    let words = "INSERT INTO messages_fts (rowid, text) SELECT id, text FROM messages WHERE text = 'my order'";
    assert_eq!(conn.execute(words, []).expect("indexed"), 2_500);
    let last = bench.receives(3, "an order", at(3)).await;
    for typed in ["order", "ORD"] {
        assert_eq!(bench.found(typed).await, [last, chatty], "{typed}");
    }
    assert_eq!(bench.found("reord").await, [rare]);
    assert_eq!(bench.found("two order").await, [rare]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// S142: every word of a text finds it, in upper case and without accents, by its beginning too.
    #[test]
    fn every_word_of_a_text_finds_it(words in prop::collection::vec("[a-zàâçéèêëîïôûùüñäöß0-9]{3,9}", 1..5)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.expect("runtime").block_on(async {
            let bench = Bench::new().await;
            let thread = bench.receives(1, &words.join(", "), at(1)).await;
            bench.receives(2, "quite another text", at(2)).await;
            for word in &words {
                let start: String = word.chars().take(2).collect();
                for typed in [word.clone(), plain(word), capitals(word), start] {
                    assert!(bench.found(&typed).await.contains(&thread), "{typed:?} of {words:?}");
                }
            }
        });
    }
}

/// In upper case; an ß stays one.
fn capitals(word: &str) -> String {
    let capital = |c: char| if c == 'ß' { c.to_string() } else { c.to_uppercase().to_string() };
    word.chars().map(capital).collect()
}

/// Without accents, as a hurried person types.
fn plain(word: &str) -> String {
    let table = [
        ("àâä", 'a'),
        ("ç", 'c'),
        ("éèêë", 'e'),
        ("îï", 'i'),
        ("ôö", 'o'),
        ("ûùü", 'u'),
        ("ñ", 'n'),
    ];
    let bare = |c: char| table.iter().find(|(from, _)| from.contains(c)).map_or(c, |(_, to)| *to);
    word.chars().map(bare).collect()
}
