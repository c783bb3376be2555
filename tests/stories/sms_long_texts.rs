//! Long texts: where they are cut, what they cost, how they are joined again.

use simgate::sms::{
    Address, Alphabet, Assembled, Coding, Content, Deliver, Language, Scts, SegmentError,
    SegmentOptions, assemble, count, segment,
};
use simgate::types::UnixTime;

fn options() -> SegmentOptions {
    SegmentOptions { reference: 42, ..SegmentOptions::default() }
}

/// The texts of the segments.
fn cut(text: &str) -> Vec<String> {
    let cut = segment(text, &options()).expect("a text");
    cut.segments.iter().filter_map(|segment| segment.user_data.text(segment.dcs)).collect()
}

/// The segments as they arrive from a number, at a time in seconds.
fn arriving(from: &str, text: &str, options: &SegmentOptions, second: i64) -> Vec<Deliver> {
    let from = Address::number_of(from).expect("a number");
    let scts = Scts::at(UnixTime(1_795_252_200_000 + second * 1_000), 60).expect("a time");
    let cut = segment(text, options).expect("a text");
    cut.segments.iter().map(|segment| Deliver::new(from, scts, segment)).collect()
}

fn texts<'a>(messages: &'a [Assembled]) -> Vec<&'a str> {
    let text = |message: &'a Assembled| match &message.content {
        Content::Text(text) => text.as_str(),
        Content::Octets(octets) => panic!("{octets:?} is no text"),
    };
    messages.iter().map(text).collect()
}

/// A family of four is one grapheme of eleven UTF-16 units; 67 units fit into a segment.
#[test]
fn an_emoji_of_many_code_points_is_never_cut() {
    let family = "👨‍👩‍👧‍👦";
    let text = format!("{}{family}{}", "ж".repeat(60), "ж".repeat(10));
    assert_eq!(cut(&text), ["ж".repeat(60), format!("{family}{}", "ж".repeat(10))]);
    let accents = format!("{}e\u{301}{}", "ж".repeat(66), "ж".repeat(10));
    assert_eq!(cut(&accents)[0], "ж".repeat(66));
    let flag = format!("{}🇬🇧{}", "ж".repeat(65), "ж".repeat(10));
    assert_eq!(cut(&flag)[0], "ж".repeat(65));
    let line_end = format!("{}\r\n{}", "a".repeat(152), "b".repeat(20));
    assert_eq!(cut(&line_end)[0], "a".repeat(152));
}

#[test]
fn a_grapheme_longer_than_a_segment_is_cut_between_code_points() {
    let monster = format!("e{}", "\u{301}".repeat(150));
    let segments = cut(&monster);
    assert_eq!(segments.len(), 3);
    assert_eq!(segments.concat(), monster);
}

#[test]
fn an_escape_pair_is_never_cut() {
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(20));
    assert_eq!(cut(&text)[0], "a".repeat(152));
    let full = format!("{}€", "a".repeat(158));
    assert_eq!(cut(&full).len(), 1);
    assert_eq!(cut(&format!("{full}a")).len(), 2);
}

#[test]
fn counting_names_the_characters_that_force_ucs2() {
    let cost = count("Grüße 👋 und „Zitat“ 👋", &options()).expect("a text");
    assert_eq!(cost.coding, Coding::Ucs2);
    assert_eq!(cost.forcing, ['👋', '„', '“']);
    assert_eq!((cost.units, cost.segments, cost.units_left), (23, 1, 47));
    let plain = count(&"a".repeat(161), &options()).expect("a text");
    assert_eq!((plain.units, plain.segments, plain.units_left), (161, 2, 145));
    assert!(plain.forcing.is_empty());
    assert_eq!(count("", &options()).map(|c| (c.segments, c.units_left)), Ok((1, 160)));
}

#[test]
fn a_language_is_used_only_when_switched_on_and_when_it_saves_segments() {
    let text = "İyi günler, şimdi geliyorum. ".repeat(5);
    let plain = segment(&text, &options()).expect("a text");
    assert_eq!((plain.coding, plain.segments.len()), (Coding::Ucs2, 3));
    let languages = vec![Language::Turkish];
    let turkish = segment(&text, &SegmentOptions { languages, ..options() }).expect("a text");
    let single = Some(Language::Turkish);
    // Where both kinds of table do, the single shift: a phone without it shows the base letters.
    assert_eq!(turkish.coding, Coding::Gsm7 { locking: None, single });
    assert_eq!(turkish.segments.len(), 1);
}

#[test]
fn an_alphabet_that_was_asked_for_is_not_left_silently() {
    let gsm7 = SegmentOptions { alphabet: Some(Alphabet::Gsm7), ..options() };
    let refused = segment("Grüße 👋", &gsm7);
    assert_eq!(refused, Err(SegmentError::NotInAlphabet { character: '👋' }));
    let octets = SegmentOptions { alphabet: Some(Alphabet::Octets), ..options() };
    assert_eq!(segment("Hello", &octets), Err(SegmentError::NoText));
    let endless = "a".repeat(255 * 153 + 1);
    assert_eq!(segment(&endless, &options()), Err(SegmentError::TooLong { segments: 256 }));
}

#[test]
fn a_missing_segment_is_named_and_filled_when_it_comes_late() {
    let text = format!("{}{}{}", "a".repeat(153), "b".repeat(153), "c".repeat(9));
    let sent = arriving("+447700900123", &text, &options(), 0);
    let early = assemble([&sent[2], &sent[0]]);
    assert_eq!(early[0].missing, [2]);
    let with_gap = format!("{}{}{}", "a".repeat(153), Assembled::GAP, "c".repeat(9));
    assert_eq!(texts(&early), [with_gap]);
    let late = assemble([&sent[2], &sent[0], &sent[1]]);
    assert!(late[0].is_complete());
    assert_eq!(texts(&late), [text]);
}

/// E140: two senders, one reference; and one sender with references of 8 and of 16 bits.
#[test]
fn mixed_messages_are_kept_apart() {
    let (one, two) = ("a".repeat(200), "b".repeat(200));
    let wide = SegmentOptions { wide: true, ..options() };
    let first = arriving("+447700900123", &one, &options(), 0);
    let second = arriving("+15550100", &two, &options(), 0);
    let third = arriving("+447700900123", &two, &wide, 0);
    let messages = assemble([&first[0], &second[1], &third[0], &first[1], &third[1], &second[0]]);
    assert_eq!(texts(&messages), [&*one, &*two, &*two]);
    assert!(messages.iter().all(Assembled::is_complete));
}

#[test]
fn a_reference_used_again_begins_a_new_message() {
    let (one, two) = ("a".repeat(200), "b".repeat(200));
    let old = arriving("+447700900123", &one, &options(), 0);
    let new = arriving("+447700900123", &two, &options(), 3_600);
    // The service centre repeats a segment of the old message in between.
    let messages = assemble([&old[0], &old[1], &new[0], &old[1], &new[1]]);
    assert_eq!(texts(&messages), [&*one, &*two]);
    assert_eq!(messages.iter().map(|message| message.repeated).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(messages[1].scts, new[0].scts);
}

/// An element of the header that fills a message leaves no room: an empty text was cut into one
/// segment that no message could hold (the corpus `texts/element-alone`).
#[test]
fn an_empty_text_beside_an_element_that_fills_the_message_is_refused() {
    for (length, fits) in [(0, true), (137, true), (138, false), (140, false), (255, false)] {
        let elements = [vec![0x70, length], vec![0; length.into()]].concat();
        let cut = segment("", &SegmentOptions { elements, ..options() });
        assert_eq!(cut.is_ok(), fits, "{length} octets");
        assert!(fits || cut == Err(SegmentError::NoRoom));
    }
}
