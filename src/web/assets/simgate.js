// simgate: what the pages do beyond plain forms. Every action works without this file.
//
// The server renders; this module only puts what it rendered in place:
//   data-region="KINDS"  an element with an id that is asked for again when such a row changes;
//                        data-of="ID" only when it belongs to that conversation
//   data-rows            a list inside it whose rows keep their place by id ("keep": old rows stay)
//   data-stream="URL"    whole fragments from a stream of the page's own (the simulated handsets)
//   data-swap            a form sent in the background, its fragment replaced by the answer's
//   data-count="URL"     a box whose text is counted by the server's codec
//   data-draft="URL"     a form whose words are kept on the server while they are written
//   data-key="x"         the key that presses or enters it
//   data-visit           a link that changes the page's parts instead of the page

const policy = globalThis.trustedTypes
  ? trustedTypes.createPolicy("simgate", { createHTML: (html) => html, createScriptURL: (url) => url })
  : { createHTML: (html) => html, createScriptURL: (url) => url };

const byId = (id) => document.getElementById(id);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** The elements of a piece of HTML that this gateway rendered. */
function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  return template.content;
}

/** A whole page that this gateway rendered; nothing in it runs. */
const parsePage = (html) => new DOMParser().parseFromString(policy.createHTML(html), "text/html");

/** Says aloud what arrived or changed, without moving anybody's focus. */
function announce(words) {
  const region = byId("announce");
  if (region && words) region.textContent = words;
}

/** Says what was refused where no box can say it. */
function notice(words) {
  const region = byId("notice");
  region.textContent = words;
  region.hidden = false;
  setTimeout(() => { region.hidden = true; }, 8000);
}

// ---- putting things in place --------------------------------------------------------------

/** Replaces `old`, keeping what somebody typed in it and where they are. */
function replace(old, incoming) {
  if (old.isEqualNode(incoming)) return;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const boxes = all("input:not([type=hidden]), select, textarea", old)
    .filter((box) => box === focused || box.value !== (box.tagName === "SELECT" ? all("option", box).find((o) => o.defaultSelected)?.value ?? box.options[0]?.value : box.defaultValue))
    .map((box) => [box.name, box.value, box]);
  const opened = all("details[open]", old).map((one) => all("details", old).indexOf(one));
  old.replaceWith(incoming);
  for (const [name, value] of boxes) {
    const box = incoming.querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden])`);
    if (box) box.value = value;
  }
  const folds = all("details", incoming);
  for (const at of opened) if (folds[at]) folds[at].open = true;
  prepare(incoming);
  if (focused) refocus(incoming, focused);
}

/** Focus goes to the same control of the new element, or to the nearest thing that takes it. */
function refocus(incoming, focused) {
  const named = focused.name ? all(`[name="${CSS.escape(focused.name)}"]`, incoming) : [];
  const same = named.find((one) => one.value === focused.value) ?? named[0]
    ?? (focused.id ? incoming.querySelector(`#${CSS.escape(focused.id)}`) : null)
    ?? (focused.dataset.key ? incoming.querySelector(`[data-key="${CSS.escape(focused.dataset.key)}"]`) : null)
    ?? (focused.getAttribute("href") ? incoming.querySelector(`[href="${CSS.escape(focused.getAttribute("href"))}"]`) : null);
  (same ?? incoming).focus({ preventScroll: true });
  if (same && focused.selectionStart != null && "setSelectionRange" in same) {
    same.setSelectionRange(focused.selectionStart, focused.selectionEnd);
  }
}

/** Rows keep their place by id: changed ones are replaced, new ones put in order. */
function rows(list, incoming) {
  const keep = list.dataset.rows === "keep";
  const texts = (from) => [...from.children].filter((row) => row.id.startsWith("message-"));
  if (keep && texts(list).length && texts(incoming).length && !texts(incoming).some((row) => byId(row.id))) {
    // More came than a page holds: what is between would be missing.
    const fresh = [...incoming.children];
    list.replaceChildren(...fresh);
    return fresh;
  }
  const wanted = new Set([...incoming.children].map((row) => row.id));
  if (!keep) for (const row of [...list.children]) if (!wanted.has(row.id)) row.remove();
  const fresh = [];
  let last = null;
  for (const row of [...incoming.children]) {
    const old = row.id ? [...list.children].find((one) => one.id === row.id) : null;
    if (old) {
      if (!keep && old !== (last ? last.nextElementSibling : list.firstElementChild)) {
        const focused = old.contains(document.activeElement) ? document.activeElement : null;
        list.insertBefore(old, last ? last.nextElementSibling : list.firstElementChild);
        focused?.focus({ preventScroll: true });
      }
      old.classList.remove("fresh");
      if (!old.isEqualNode(row)) { replace(old, row); last = row; } else last = old;
      continue;
    }
    // On a page of the past nothing is put before what is shown.
    if (keep && !last && list.firstElementChild && !row.classList.contains("day") && later(list.firstElementChild, row)) continue;
    row.classList.add("fresh");
    list.insertBefore(row, last ? last.nextElementSibling : (keep ? null : list.firstElementChild));
    fresh.push(row);
    last = row;
  }
  return fresh;
}

/** Whether a message of the list is newer than this one. */
function later(first, row) {
  const id = (one) => Number(/^message-(\d+)$/.exec(one?.id ?? "")?.[1] ?? NaN);
  return id(first) > id(row);
}

/** Puts one live region in place. */
function region(old, incoming) {
  const list = old.matches("[data-rows]") ? old : old.querySelector("[data-rows]");
  const rowsOf = incoming.matches("[data-rows]") ? incoming : incoming.querySelector("[data-rows]");
  if (!list || !rowsOf) return replace(old, incoming);
  const scroller = old.closest(".scroller");
  const away = scroller && Math.abs(scroller.scrollTop) > 48;
  const fresh = rows(list, rowsOf);
  if (old !== list) {
    // What stands around the rows: an empty state, the way to older ones.
    for (const other of [...old.children]) if (!other.contains(list)) other.remove();
    for (const other of [...incoming.children]) if (!other.contains(rowsOf)) old.append(other);
  }
  if (fresh.length && list.id === "timeline") {
    byId("empty")?.remove();
    const said = fresh.map((row) => row.dataset.said).filter(Boolean);
    announce(said.length > 1 ? `${said.length} new texts` : said[0]);
    if (away) offerNewest(scroller);
    looked();
  }
}

/** A reader who has scrolled back is not moved; a button leads to what came meanwhile. */
function offerNewest(scroller) {
  const offer = byId("newer");
  if (!offer || scroller.id !== "scroller") return;
  offer.hidden = false;
  offer.querySelector("button").onclick = () => scroller.scrollTo({ top: 0, behavior: "smooth" });
  scroller.addEventListener("scroll", function back() {
    if (Math.abs(scroller.scrollTop) > 48) return;
    offer.hidden = true;
    scroller.removeEventListener("scroll", back);
  });
}

// ---- live: one stream a browser, and the page asked for again when it matters ---------------

let seq = Number(document.body.dataset.seq ?? 0);
let asking = false;
let again = false;
let rested = 0;

/** Whether a change concerns what this page shows. */
function concerns(change) {
  if (change.kind === "all") return true;
  return all("[data-region]").some((one) =>
    one.dataset.region.split(" ").includes(change.kind)
    && (!one.dataset.of || change.conversation == null || one.dataset.of === String(change.conversation)));
}

/** Asks for the page again and puts its live regions in place. A burst of changes is one asking. */
async function refresh() {
  if (asking) { again = true; return; }
  asking = true;
  const wait = rested - performance.now();
  if (wait > 0) await new Promise((done) => setTimeout(done, wait));
  again = false;
  const url = location.href.split("#")[0];
  const began = performance.now();
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html", "Simgate-Fragment": "regions" } });
    if (answer.redirected && new URL(answer.url).pathname === "/signin") return location.assign("/signin");
    if (answer.status === 404) return location.assign("/");
    if (answer.ok && url === location.href.split("#")[0]) settle(parsePage(await answer.text()));
  } catch {
    // The stream notices that the gateway is away, and says so.
  } finally {
    asking = false;
    // In a flood the page rests twice as long as an asking takes; a text that comes alone waits for nothing.
    rested = performance.now() + Math.max(50, 2 * (performance.now() - began));
    if (again) refresh();
  }
}

function settle(page) {
  for (const old of all("[data-region]")) {
    const incoming = old.id ? page.getElementById(old.id) : null;
    if (incoming) region(old, document.adoptNode(incoming));
  }
  const box = byId("compose");
  const other = page.getElementById("compose");
  // The box changes only when somebody may write who might not before, or the other way round.
  if (box && other && box.dataset.mode !== other.dataset.mode) replace(box, document.adoptNode(other));
  else if (box && other && !box.querySelector("#text")?.value) {
    const seen = other.querySelector("[name=seen]");
    if (seen) box.querySelector("[name=seen]").value = seen.value;
  }
  // Where the list was begun anew, the way to what is before it is another one.
  const way = page.getElementById("earlier");
  const first = document.querySelector("#timeline > .message")?.id;
  if (way && first && new URL(way.href, location.href).searchParams.get("before") === first.slice(8)) {
    if (byId("earlier")) byId("earlier").href = way.href;
    else byId("timeline").before(document.adoptNode(way.parentElement));
  }
  document.title = page.title;
  counted();
}

/** The number of unread texts, where a browser has a place for it. */
function counted() {
  const count = Number(byId("unread")?.dataset.count ?? 0);
  const icon = byId("favicon");
  if (icon) {
    icon.dataset.plain ??= icon.getAttribute("href");
    const wanted = count ? `/badge/${Math.min(count, 100)}` : icon.dataset.plain;
    if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  }
  if (count) navigator.setAppBadge?.(count).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
}

let hinting;
function connected(yes) {
  clearTimeout(hinting);
  const hint = byId("connection");
  if (!hint) return;
  if (yes) hint.hidden = true;
  else hinting = setTimeout(() => { hint.hidden = false; }, 1200);
}

function heard(message) {
  if (message.seq) seq = Math.max(seq, message.seq);
  if (message.change && concerns(message.change)) refresh();
  if ("connected" in message) connected(message.connected);
}

/** Opens the stream and tells everybody else in this browser. */
function lead(tell) {
  let stream;
  let down = false;
  const open = () => {
    stream = new EventSource(`/live?after=${seq}`);
    stream.onopen = () => {
      tell({ connected: true });
      if (down) tell({ change: { kind: "all" } });
      down = false;
    };
    stream.onerror = () => {
      down = true;
      tell({ connected: false });
      // The browser gives up after a refusal: signed out, or the gateway was replaced. Asking for
      // the page tells which.
      if (stream.readyState === EventSource.CLOSED) { refresh(); setTimeout(open, 3000); }
    };
    stream.addEventListener("change", (event) => {
      tell({ change: JSON.parse(event.data), seq: Number(event.lastEventId) || 0 });
    });
  };
  open();
  return () => stream.close();
}

function live() {
  if (!document.querySelector("[data-region]")) return;
  const channel = new BroadcastChannel("simgate");
  let leading = false;
  channel.onmessage = ({ data }) => {
    // A page that joins may have missed what was told while it loaded.
    if (data.joined && leading && seq > data.joined) channel.postMessage({ change: { kind: "all" }, seq });
    else heard(data);
  };
  const tell = (message) => { heard(message); channel.postMessage(message); };
  if (!navigator.locks) { lead(heard); return; }
  channel.postMessage({ joined: seq });
  navigator.locks.request("simgate-stream", () => new Promise((release) => {
    leading = true;
    const stop = lead(tell);
    addEventListener("pagehide", () => { stop(); release(); }, { once: true });
  }));
}

// A page that slept may have missed anything.
let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { hiddenAt = Date.now(); return; }
  looked();
  if (Date.now() - hiddenAt > 20000) refresh();
});
addEventListener("online", () => refresh());
addEventListener("offline", () => connected(false));
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

/** The handsets' own stream brings whole fragments. */
function follow(url) {
  const stream = new EventSource(url);
  stream.onopen = () => connected(true);
  stream.onerror = () => connected(false);
  stream.addEventListener("fragment", (event) => {
    for (const incoming of [...parse(event.data).children]) {
      const old = byId(incoming.id);
      if (old) replace(old, incoming);
    }
  });
  addEventListener("pagehide", () => stream.close(), { once: true });
}

// ---- moving between conversations ----------------------------------------------------------

/** Shows another page of the inbox by changing its parts. */
async function visit(url, remember, pointed) {
  keepNow();
  let answer;
  try {
    answer = await fetch(url, { headers: { Accept: "text/html" } });
  } catch {
    return connected(false);
  }
  const page = answer.ok ? parsePage(await answer.text()) : null;
  const incoming = page?.querySelector(".desk > .pane");
  const old = document.querySelector(".desk > .pane");
  if (!incoming || !old || !page.getElementById("items")) return location.assign(url);
  if (remember) history.pushState({}, "", url);
  left();
  old.replaceWith(document.adoptNode(incoming));
  document.body.className = page.body.className;
  settle(page);
  prepare(incoming);
  byId("help").href = page.getElementById("help").href;
  entered();
  // A finger wants to read; a keyboard goes on where it was; a mouse wants to write.
  if (pointed && matchMedia("(pointer: fine)").matches) byId("text")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.matches("[data-visit], .back") && document.querySelector(".desk")) {
    event.preventDefault();
    visit(link.href, true, event.detail > 0);
  } else if (link.id === "earlier") {
    event.preventDefault();
    earlier(link);
  }
});
addEventListener("popstate", () => { if (document.querySelector(".desk")) visit(location.href, false); });

/** The page of the past before this one, put on top without moving the reader. */
async function earlier(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html", "Simgate-Fragment": "regions" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = parsePage(await answer.text());
  const list = byId("timeline");
  const known = new Set([...list.children].map((row) => row.id));
  list.prepend(...[...page.getElementById("timeline").children].filter((row) => !known.has(row.id)));
  const next = page.getElementById("earlier");
  if (next) link.href = next.href;
  else link.parentElement.remove();
}

/** What is looked at is read. */
function looked() {
  const thread = document.querySelector("[data-thread]")?.dataset.thread;
  if (!thread || document.hidden) return;
  const row = byId(`row-${thread}`);
  if (row?.classList.contains("news") || byId("unread")?.dataset.count > 0) post(`/threads/${thread}/read`, {});
}

const post = (url, fields) => fetch(url, { method: "POST", body: new URLSearchParams(fields), keepalive: true }).catch(() => {});

// ---- who else is here -----------------------------------------------------------------------

let beating;
let typedAt = 0;
function here(how) {
  const thread = document.querySelector("[data-thread]")?.dataset.thread;
  if (thread && !document.hidden) post(`/threads/${thread}/presence`, { how });
}
function entered() {
  clearInterval(beating);
  if (!document.querySelector("[data-thread]")) return;
  here("here");
  beating = setInterval(() => here(Date.now() - typedAt < 9000 ? "writing" : "here"), 15000);
}
function left() {
  const thread = document.querySelector("[data-thread]")?.dataset.thread;
  if (thread) navigator.sendBeacon(`/threads/${thread}/presence`, new URLSearchParams({ how: "gone" }));
}
addEventListener("pagehide", () => { keepNow(); left(); });

// ---- forms in the background --------------------------------------------------------------

async function send(form, button) {
  if (form.ariaBusy === "true") return;
  const body = new URLSearchParams(new FormData(form, button));
  const place = byId(form.dataset.swap);
  // What is being written elsewhere is kept first: closing asks about it.
  if (unkept && unkept !== form) await keepNow();
  clearTimeout(keeping);
  form.ariaBusy = "true";
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(button?.getAttribute("formaction") ?? form.action, {
      method: "POST",
      body,
      headers: { Accept: "text/html", "Simgate-Fragment": form.dataset.swap ?? "none" },
    });
    if (answer.status === 401) return location.assign("/signin");
    const kind = answer.headers.get("Content-Type") ?? "";
    const incoming = answer.status !== 204 && kind.startsWith("text/html") ? parse(await answer.text()) : null;
    const swapped = incoming && place && swap(place, incoming);
    if (!swapped && !answer.ok) notice(incoming?.querySelector("main p")?.textContent ?? answer.statusText);
    if (answer.ok) {
      if ("clear" in form.dataset) form.reset();
      form.closest("details.menu")?.removeAttribute("open");
      if (button && "leave" in button.dataset) return visit(document.querySelector(".back")?.href ?? "/", true);
      await refresh();
      if (button?.value === "claim") byId("text")?.focus();
    }
  } catch {
    connected(false); // the words stay in their box
    byId("connection").hidden = false;
  } finally {
    form.ariaBusy = null;
    button?.removeAttribute("aria-busy");
  }
}

/** Replaces a region by the fragment of the same id and puts the cursor where it is needed. */
function swap(place, content) {
  const incoming = content.querySelector(`#${CSS.escape(place.id)}`);
  if (!incoming) return false;
  const wanted = incoming.querySelector("[aria-invalid=true], [autofocus]") ?? incoming.querySelector("textarea");
  // The cursor goes there below; the browser would only complain that it is elsewhere now.
  incoming.querySelectorAll("[autofocus]").forEach((box) => box.removeAttribute("autofocus"));
  place.replaceWith(incoming);
  prepare(incoming);
  wanted?.focus();
  if (wanted?.setSelectionRange && wanted.tagName === "TEXTAREA") wanted.setSelectionRange(wanted.value.length, wanted.value.length);
  announce(incoming.querySelector(".refusal")?.textContent.trim());
  return true;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-swap]")) return;
  event.preventDefault();
  send(form, event.submitter);
});

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches("select[data-submit]")) box.form.requestSubmit();
  if (box.matches("select[data-act]") && box.value) {
    if (box.dataset.act === "field") insertField(box);
    else box.form.requestSubmit(box.form.querySelector(`button[name=act][value=${box.dataset.act}]`));
  }
});

/** A field goes where the cursor is. */
function insertField(box) {
  const text = box.form.querySelector("textarea");
  text.setRangeText(`{{ ${box.value} }}`, text.selectionStart, text.selectionEnd, "end");
  box.value = "";
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

// ---- keys ----------------------------------------------------------------------------------

document.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.isComposing) return;
  const both = event.ctrlKey || event.metaKey;
  if (event.key === "Enter" && box.matches("textarea[data-enter], textarea[data-ctrl-enter]")) {
    const wanted = both || (box.matches("[data-enter]") && !event.shiftKey && matchMedia("(pointer: fine)").matches);
    if (!wanted) return;
    event.preventDefault();
    box.form.requestSubmit(box.form.querySelector(".primary"));
    return;
  }
  if (event.key === "Escape") {
    for (const menu of all("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
    if (box.matches("textarea, input")) box.blur();
    return;
  }
  if (both || event.altKey || box.closest("input, textarea, select, dialog")) return;
  if (event.key === "j" || event.key === "k") return move(event.key === "j" ? 1 : -1, event);
  if (event.key === "?") { event.preventDefault(); return help(); }
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input, textarea")) target.focus();
  else target.click();
});

function move(by, event) {
  const items = all("#items a.item");
  if (!items.length) return;
  event.preventDefault();
  const from = items.indexOf(document.activeElement?.closest?.("a.item") ?? document.querySelector("a.item[aria-current]"));
  const next = items[Math.min(items.length - 1, Math.max(0, from + by))] ?? items[0];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

/** The help of this page, over it. */
async function help() {
  const link = byId("help");
  if (!link) return;
  const topic = link.hash.slice(1);
  const answer = await fetch("/help", { headers: { Accept: "text/html" } }).catch(() => null);
  const section = answer?.ok ? parsePage(await answer.text()).getElementById(topic) : null;
  if (!section) return location.assign(link.href);
  const dialog = document.createElement("dialog");
  dialog.className = "help";
  const close = document.createElement("button");
  close.textContent = "Close";
  close.onclick = () => dialog.close();
  dialog.append(document.adoptNode(section), close);
  dialog.setAttribute("aria-label", "Help");
  dialog.onclose = () => dialog.remove();
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#help") && !event.ctrlKey && !event.metaKey && location.pathname !== "/help") {
    event.preventDefault();
    help();
  }
  for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// ---- counting and keeping -----------------------------------------------------------------

/** The server's own codec counts, so that the number is the number that is sent. */
function counting(box) {
  let timer;
  let latest = 0;
  const count = async () => {
    const mine = ++latest;
    const answer = await fetch(box.dataset.count, {
      method: "POST",
      body: new URLSearchParams({ text: box.value }),
      headers: { Accept: "text/html" },
    }).catch(() => null);
    if (!answer?.ok || mine !== latest) return;
    const incoming = parse(await answer.text()).firstElementChild;
    byId(incoming.id)?.replaceWith(incoming);
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(count, 120);
  });
}

let keeping;
let unkept = null;

/** Words are kept on the server while they are written, and when the page is left. */
function drafting(form) {
  form.querySelector("textarea")?.addEventListener("input", () => {
    unkept = form;
    clearTimeout(keeping);
    keeping = setTimeout(keepNow, 500);
    if (Date.now() - typedAt > 5000) here("writing");
    typedAt = Date.now();
  });
}

function keepNow() {
  clearTimeout(keeping);
  const form = unkept;
  unkept = null;
  if (!form?.isConnected || form.ariaBusy === "true") return;
  const fields = { text: form.elements.text.value, line: form.elements.line?.value ?? "" };
  return post(form.dataset.draft, fields);
}

function prepare(root) {
  const own = (selector) => [...(root.matches?.(selector) ? [root] : []), ...all(selector, root)];
  for (const box of own("[data-count]")) counting(box);
  for (const form of own("form[data-draft]")) drafting(form);
}

prepare(document);
// On a phone the settings are a row that scrolls: the one that is open is seen.
document.querySelector(".settings .side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
counted();
entered();
live();
const own = document.querySelector("[data-stream]");
if (own) follow(own.dataset.stream);
if (navigator.serviceWorker) navigator.serviceWorker.register(policy.createScriptURL("/sw.js")).catch(() => {});
