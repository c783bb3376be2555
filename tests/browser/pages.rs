//! Every page as it looks: on a desk, on a phone and at 200 % zoom, light and dark.
//!
//! Nothing may be cut off, axe-core may find nothing serious, and pictures of each go into the folder
//! `tmp/pictures` of the build's target folder: to be looked at.
//!
//! axe-core is not ours and not in the repository: `tests/install.sh` puts it where the story looks;
//! without it that part says `skipped: why`.

use std::path::Path;

use serde_json::{Value, json};
use simgate::web::routes;

use crate::driver::{Browser, key};
use crate::furnish;
use crate::site::Site;
use crate::stage::{Stage, complaints, says};

/// Addresses that show nobody a page, and why; one that ends in `/` stands for all below it.
const NO_PAGES: &[(&str, &str)] = &[
    ("/api/", "for programs"),
    ("/livez", "for programs"),
    ("/readyz", "for programs"),
    ("/healthz", "for programs"),
    ("/metrics", "for programs"),
    ("/live", "tells open pages what is new"),
    ("/demo/phones/live", "tells open pages what is new"),
    ("/assets/", "what pages are made of"),
    ("/badge/", "what pages are made of"),
    ("/favicon.ico", "what pages are made of"),
    ("/manifest.webmanifest", "what pages are made of"),
    ("/sw.js", "what pages are made of"),
    ("/contacts.csv", "a file to keep"),
    ("/contacts.vcf", "a file to keep"),
    ("/reports.csv", "a file to keep"),
    ("/threads/{id}/export", "a file to keep"),
];

/// What has something to show only with a name, a key or a question.
const OTHERS: &[(&str, &str)] = &[
    ("thread", "/threads/1"),
    ("thread-details", "/threads/1#panel"),
    ("thread-of-another", "/threads/2"),
    ("thread-opted-out", "/threads/3"),
    ("thread-of-a-name", "/threads/4"),
    ("thread-right-to-left", "/threads/5"),
    ("thread-disguised", "/threads/8"),
    ("thread-erase", "/threads/1/erase"),
    ("thread-new-owner", "/threads/1/new-owner"),
    ("inbox-search", "/?q=appointment"),
    ("inbox-nothing-found", "/?q=nobody"),
    ("inbox-team", "/?tab=team"),
    ("inbox-closed", "/?tab=closed"),
    ("new-found", "/new?with=sam"),
    ("message", "/messages/2"),
    ("contact", "/contacts/1"),
    ("contact-texts", "/contacts/1/texts"),
    ("contacts-nothing-found", "/contacts?q=nobody"),
    ("line", "/lines/1"),
    ("modem", "/modems/1"),
    ("person", "/people/2"),
    ("person-oneself", "/people/1"),
    ("template", "/templates/1"),
    ("rule", "/rules/1"),
    ("prompt", "/prompts/1"),
    ("mail", "/quarantine/1"),
    ("mail-of-no-text", "/quarantine/2"),
    ("notice", "/n/notice"),
    ("held", "/h/held"),
    ("signin-link", "/signin?key=open"),
    ("signin-invited", "/signin?key=invited"),
    ("problem", "/nowhere"),
];

/// What stands there only after a button was pressed.
struct Pressed {
    name: &'static str,
    path: &'static str,
    /// Boxes, and what is typed into them.
    filled: &'static [(&'static str, &'static str)],
    button: &'static str,
    /// What is there once it is done.
    then: &'static str,
}

const PRESSED: &[Pressed] = &[
    Pressed {
        name: "rules-tried",
        path: "/rules",
        filled: &[("#try-text", "When are you open?")],
        button: "#try button.primary",
        then: "#outcomes",
    },
    Pressed {
        name: "rule-refused",
        path: "/rules/new",
        filled: &[("#rule-name", "Parking")],
        button: "#rule button.primary",
        then: ".refusal",
    },
    Pressed {
        name: "token-made",
        path: "/tokens",
        filled: &[("#token-name", "Shop")],
        button: "#token button.primary",
        then: "code.long",
    },
    Pressed {
        name: "person-invited",
        path: "/people/2",
        filled: &[],
        button: "form[action$=invite] button",
        then: "code.long",
    },
    Pressed {
        name: "second-factor-begun",
        path: "/account",
        filled: &[],
        button: "form[action='/account/second-factor'] button",
        then: ".qr",
    },
];

/// What only a demonstration has.
const DEMO: &[Pressed] = &[Pressed {
    name: "demo-phones",
    path: "/demo/phones",
    filled: &[(".phone textarea", "Hello, are you open on Monday?")],
    button: ".phone .send button",
    then: ".phone .message",
}];

/// What is looked at.
struct View {
    name: String,
    path: String,
    pressed: Option<&'static Pressed>,
}

impl From<&'static Pressed> for View {
    fn from(pressed: &'static Pressed) -> Self {
        let Pressed { name, path, .. } = *pressed;
        Self { name: name.to_owned(), path: path.to_owned(), pressed: Some(pressed) }
    }
}

/// Every page an admin can open by its address alone, one of each that needs more, and what some
/// buttons lead to. A new page is either among them or has a reason not to be.
fn views(site: &Site) -> Vec<View> {
    let is_none = |path: &str| {
        NO_PAGES
            .iter()
            .any(|&(none, _)| path == none || none.ends_with('/') && path.starts_with(none))
    };
    let routes = routes(site.app.clone()).into_iter().filter(|route| route.method == "GET");
    let shown: Vec<_> = routes.filter(|route| !is_none(route.path)).collect();
    for route in shown.iter().filter(|route| route.path.contains('{')) {
        let seen = OTHERS.iter().any(|(_, path)| leads_to(path, route.path));
        assert!(seen, "nobody looks at {}: OTHERS or NO_PAGES", route.path);
    }
    let view = |name: String, path: &str| View { name, path: path.to_owned(), pressed: None };
    let plain = shown.iter().filter(|route| !route.path.contains('{'));
    let plain = plain.map(|route| view(name(route.path), route.path));
    let others = OTHERS.iter().map(|&(name, path)| view(name.to_owned(), path));
    plain.chain(others).chain(PRESSED.iter().map(View::from)).collect()
}

/// Whether the address is one of the route's.
fn leads_to(path: &str, route: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (mut parts, mut wanted) = (path.split('/'), route.split('/'));
    loop {
        match (parts.next(), wanted.next()) {
            (None, None) => return true,
            (Some(part), Some(wanted)) if part == wanted || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// A page that is added to the table and to no list here is missed without a browser, too.
#[tokio::test]
async fn no_page_is_left_unseen() {
    let site = Site::new().await;
    let names: Vec<_> = views(&site).into_iter().map(|view| view.name).collect();
    let mut once = names.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), names.len(), "two pictures of one name: {names:?}");
    let all = routes(site.app);
    for (none, why) in NO_PAGES {
        let is = |path: &str| path == *none || none.ends_with('/') && path.starts_with(none);
        let demo = none.starts_with("/demo/");
        assert!(demo || all.iter().any(|route| is(route.path)), "{none} ({why}) is no address");
    }
}

fn name(path: &str) -> String {
    let words = path.trim_matches('/').replace('/', "-");
    if words.is_empty() { "inbox".to_owned() } else { words }
}

/// How a page is looked at.
struct Window {
    name: &'static str,
    size: (u32, u32),
    /// The size of its view at 200 % zoom.
    zoomed: Option<(u32, u32)>,
    /// What axe-core looks for in the dark: of a theme only the colours are new.
    dark: Option<&'static str>,
}

/// Fault 104, WCAG 2.2: no page is cut off on a desk or at 200 % zoom; axe-core finds nothing serious on
/// any, in either theme; the browser has nothing to complain about; and each page's "?" leads to words
/// about it (S168).
#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_desk_and_can_be_used_by_everybody() {
    let desk = Window {
        name: "desk",
        size: (1280, 900),
        zoomed: Some((640, 450)),
        dark: Some(", runOnly: ['color-contrast']"),
    };
    every_page(desk).await;
}

/// S117, WCAG 2.2: no page is cut off on a phone, and axe-core finds nothing serious there. The colours
/// of the dark were seen on the desk.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_phone_and_can_be_used_by_everybody() {
    every_page(Window { name: "phone", size: (360, 740), zoomed: None, dark: None }).await;
}

async fn every_page(window: Window) {
    let Some(stage) = Stage::new().await else { return };
    furnish::everything(&stage).await;
    let mut found = looked_at(&stage, &window, &views(&stage.site)).await;
    let demo = Stage::demo().await.expect("there is a browser");
    furnish::lines(&demo, &["Reception"]).await;
    let phones: Vec<_> = DEMO.iter().map(View::from).collect();
    found.extend(looked_at(&demo, &window, &phones).await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Looks at each in both themes; what is wrong with them.
async fn looked_at(stage: &Stage, window: &Window, views: &[View]) -> Vec<String> {
    let axe = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&axe).ok();
    if axe.is_none() {
        println!("skipped: axe-core is not installed; tests/install.sh fetches it");
    }
    let browser = &stage.browser;
    stage.open("/help").await;
    let helped =
        browser.value("[...document.querySelectorAll('main > section')].map(s => '#' + s.id)");
    let helped = helped.await.as_array().cloned().unwrap_or_default();
    let ((width, height), mut found) = (window.size, Vec::new());
    for View { name, path, pressed } in views {
        browser.look(width, height, "light").await;
        browser.go("about:blank").await; // so that a part of a page is not taken for the page that is open
        stage.open(path).await;
        if let Some(Pressed { filled, button, then, .. }) = pressed {
            for (field, words) in *filled {
                browser.type_into(field, words).await;
            }
            // The driver scrolls it into the window only, where a phone's bar may stand over it.
            let seen = "scrollIntoView({ block: 'center' })";
            browser.value(&format!("document.querySelector(\"{button}\").{seen}")).await;
            browser.click(button).await;
            browser.until(&format!("document.querySelector(\"{then}\")")).await;
        }
        let help = browser.value("document.querySelector('#help')?.hash ?? null").await;
        if help.is_string() && !helped.contains(&help) {
            found.push(format!("{name}: no help {help}"));
        }
        for (theme, rules) in [("light", Some("")), ("dark", window.dark)] {
            browser.look(width, height, theme).await;
            fits(browser, &format!("{name} {} {theme}", window.name), &mut found).await;
            browser.whole_picture(&format!("{name}-{}-{theme}", window.name)).await;
            if let (Some(axe), Some(rules)) = (&axe, rules) {
                let serious = serious(browser, axe, rules).await;
                found.extend(serious.into_iter().map(|what| format!("{name} {theme}: {what}")));
            }
        }
        if let Some((width, height)) = window.zoomed {
            browser.look(width, height, "light").await;
            fits(browser, &format!("{name} zoomed"), &mut found).await;
        }
        let mut complaints = complaints(browser).await;
        complaints.retain(|one| path != "/nowhere" || !one.contains("404"));
        complaints.dedup();
        found.extend(complaints.into_iter().map(|one| format!("{name}: {one}")));
    }
    found
}

async fn fits(browser: &Browser, place: &str, found: &mut Vec<String>) {
    let over = browser.too_wide().await;
    if over > 0 {
        found.push(format!("{place}: {over} px too wide"));
    }
}

/// What measures the width sees what is too wide, on a phone too, which would show it all smaller.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_too_wide_is_found() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    for (width, height) in [(1280, 900), (360, 740)] {
        browser.look(width, height, "light").await;
        stage.open("/help").await;
        assert_eq!(browser.too_wide().await, 0);
        browser
            .value("document.querySelector('main').append(Object.assign(document.createElement('hr'), { id: 'wide' }))")
            .await;
        browser.value(&format!("wide.style.width = '{}px'", width + 40)).await;
        assert!(browser.too_wide().await > 0, "{width}");
    }
}

/// What axe-core finds serious or critical on the open page.
async fn serious(browser: &Browser, axe: &str, rules: &str) -> Vec<String> {
    if browser.value("!!window.axe").await != json!(true) {
        browser.value(&format!("(() => {{ {axe}\n; return 1; }})()")).await;
    }
    let run = format!(
        "axe.run({{ resultTypes: ['violations']{rules} }}).then(found => found.violations
        .filter(one => ['serious', 'critical'].includes(one.impact))
        .map(one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')))"
    );
    let found = browser.value(&run).await;
    let found = found.as_array().cloned().unwrap_or_default();
    found.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Text from right to left runs so inside its bubble, whatever the page's own direction is.
#[tokio::test(flavor = "multi_thread")]
async fn a_bubble_has_the_direction_of_its_text() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    stage.site.receives(crate::TO, "مرحبا bonjour").await;
    stage.site.receives(crate::TO, "bonjour مرحبا").await;
    stage.open("/threads/1").await;
    // Where the first letter of each stands: right of the last one, or left.
    let first = "[...document.querySelectorAll('.message .text')].map(text => {
        const at = n => { const one = document.createRange(); one.setStart(text.firstChild, n);
            one.setEnd(text.firstChild, n + 1); return one.getBoundingClientRect().left; };
        return at(0) > at(text.firstChild.length - 1); })";
    assert_eq!(browser.value(first).await, json!([true, false]));
}

/// WCAG 2.4.3, 2.4.7, 2.4.11: with Tab alone every stop is in the order of the page, shows where it is
/// and stands inside the window.
#[tokio::test(flavor = "multi_thread")]
async fn focus_is_seen_on_its_way_through_a_page() {
    let Some(stage) = Stage::new().await else { return };
    furnish::everything(&stage).await;
    let browser = &stage.browser;
    browser.look(1280, 800, "light").await;
    for path in ["/", "/threads/1", "/contacts/1", "/lines"] {
        stage.open(path).await;
        says(browser, "body", "Rock Legal").await;
        browser.value("document.activeElement.blur()").await;
        browser.value("window.last = document.body").await;
        for stop in 0..24 {
            browser.keys(&key(fantoccini::key::Key::Tab)).await;
            let seen = browser
                .value(
                    "(() => { const now = document.activeElement, style = getComputedStyle(now);
                    const at = now.getBoundingClientRect(), last = window.last; window.last = now;
                    if (now === document.body) return 'over';
                    const wrong = [];
                    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) wrong.push('not seen');
                    if (at.bottom < 0 || at.top > innerHeight || at.right < 0 || at.left > innerWidth) wrong.push('outside');
                    if (!(last.compareDocumentPosition(now) & Node.DOCUMENT_POSITION_FOLLOWING)) wrong.push('out of order');
                    return wrong.length ? wrong.join(', ') + ': ' + now.outerHTML.slice(0, 120) : ''; })()",
                )
                .await;
            if seen == "over" {
                break;
            }
            assert_eq!(seen, "", "stop {stop} of {path}");
        }
    }
}
