// simgate: what the pages do beyond plain forms. Every action works without this file.
//
// The server renders; this module only puts fragments where they belong:
//   data-live="URL"      server-sent events from there: rows and regions of this page
//   data-swap            a form sent in the background, its fragment replaced by the answer's
//   data-count="URL"     a box whose text is counted by the server's codec
//   data-keep="NAME"     a box whose unsent text survives a reload
// A fragment is a piece of HTML from this gateway; its first element's id says what it replaces.

const fragments = globalThis.trustedTypes
  ? trustedTypes.createPolicy("simgate", { createHTML: (html) => html })
  : { createHTML: (html) => html };

/** The elements of a piece of HTML that this gateway rendered. */
function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = fragments.createHTML(html);
  return template.content;
}

const byId = (id) => document.getElementById(id);

// ---- live rows ----------------------------------------------------------------------------

/** Puts `incoming` where the element of the same id is; keeps focus and typed text. */
function replace(incoming) {
  const old = byId(incoming.id);
  if (!old) return false;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const boxes = [...old.querySelectorAll("input:not([type=hidden]), select, textarea")].map((box) => [box.name, box.value]);
  old.replaceWith(incoming);
  for (const [name, value] of boxes) {
    const box = incoming.querySelector(`[name="${CSS.escape(name)}"]`);
    if (box) box.value = value;
  }
  if (focused) refocus(incoming, focused);
  return true;
}

/** Focus goes to the same control of the new fragment, or to the fragment. */
function refocus(incoming, focused) {
  const same = focused.name
    ? incoming.querySelector(`[name="${CSS.escape(focused.name)}"][value="${CSS.escape(focused.value)}"], textarea[name="${CSS.escape(focused.name)}"], input[name="${CSS.escape(focused.name)}"]`)
    : null;
  const target = same ?? incoming;
  target.focus({ preventScroll: true });
  if (same && "selectionStart" in focused && focused.selectionStart !== null) {
    same.setSelectionRange(focused.selectionStart, focused.selectionEnd);
  }
}

/** Adds a row in order of `data-seq`, with its day before it when the day is new. */
function append(row, list) {
  const rows = [...list.querySelectorAll(":scope > [data-seq]")];
  const before = rows.findLast((other) => Number(other.dataset.seq) < Number(row.dataset.seq));
  if (rows.length && !before) return; // it belongs to an earlier page
  row.classList.add("fresh");
  list.insertBefore(row, before?.nextElementSibling ?? null);
  if (before?.dataset.day !== row.dataset.day) {
    const day = document.createElement("li");
    day.className = "day";
    day.textContent = row.dataset.day;
    list.insertBefore(day, row);
  }
  byId("empty")?.remove();
}

/** Says aloud what arrived or changed, without moving anybody's focus. */
function announce(words) {
  const region = byId("announce");
  if (region && words) region.textContent = words;
}

function receive(fragment) {
  for (const incoming of [...parse(fragment).children]) {
    const said = incoming.dataset.said;
    if (replace(incoming)) {
      announce(said);
      continue;
    }
    const list = byId(incoming.dataset.list ?? "");
    if (!list) continue;
    const scroller = list.closest(".scroller");
    const away = scroller && Math.abs(scroller.scrollTop) > 48;
    append(incoming, list);
    announce(said);
    if (away) offerNewest(scroller);
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

/** One stream per page; the browser reconnects by itself and says from where (Last-Event-ID). */
function listen(url) {
  const connection = byId("connection");
  const stream = new EventSource(url);
  let waiting;
  stream.addEventListener("open", () => {
    clearTimeout(waiting);
    connection.hidden = true;
  });
  stream.addEventListener("error", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { connection.hidden = false; }, 1500);
    // The browser gives up after a refusal: signed out, or the gateway was replaced.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => listen(url), 5000);
  });
  stream.addEventListener("fragment", (event) => receive(event.data));
  stream.addEventListener("reload", () => location.reload());
  addEventListener("pagehide", () => stream.close(), { once: true });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

// ---- forms in the background --------------------------------------------------------------

async function send(form, button) {
  if (form.ariaBusy === "true") return;
  const body = new URLSearchParams(new FormData(form, button));
  const region = byId(form.dataset.swap);
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
    const incoming = kind.startsWith("text/html") ? parse(await answer.text()) : null;
    if (answer.ok) forget(form);
    if (!(incoming && region && swap(region, incoming)) && !answer.ok) {
      notice(incoming?.querySelector("main p")?.textContent ?? answer.statusText);
    }
  } catch {
    byId("connection").hidden = false; // the text stays in its box
  } finally {
    form.ariaBusy = null;
    button?.removeAttribute("aria-busy");
  }
}

/** Says what was refused where no box can say it. */
function notice(words) {
  const region = byId("notice");
  region.textContent = words;
  region.hidden = false;
  setTimeout(() => { region.hidden = true; }, 8000);
}

/** Replaces a region by the fragment of the same id and puts the cursor where it is needed. */
function swap(region, content) {
  const incoming = content.querySelector(`#${CSS.escape(region.id)}`);
  if (!incoming) return false;
  region.replaceWith(incoming);
  prepare(incoming);
  const wanted = incoming.querySelector("[aria-invalid=true]") ?? incoming.querySelector("[data-first]");
  wanted?.focus();
  announce(incoming.querySelector(".refusal")?.textContent.trim());
  return true;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-swap]")) return;
  event.preventDefault();
  send(form, event.submitter);
});

// Enter sends from a text box, Shift+Enter starts a new line; on a phone Enter is a new line.
document.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.key !== "Enter" || !box.matches("textarea[data-enter]") || event.isComposing) return;
  const wanted = event.ctrlKey || event.metaKey || (!event.shiftKey && matchMedia("(pointer: fine)").matches);
  if (!wanted) return;
  event.preventDefault();
  box.form.requestSubmit(box.form.querySelector(".primary"));
});

// ---- counting and keeping -----------------------------------------------------------------

/** The server's own codec counts, so that the number is the number that is sent. */
function counting(box) {
  const output = byId(box.getAttribute("aria-describedby").split(" ")[0]);
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
    output.textContent = incoming.textContent;
    output.className = incoming.className;
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(count, 120);
  });
  if (box.value) count();
}

/** What was sent need not be kept. */
function forget(form) {
  for (const box of form.querySelectorAll("[data-keep]")) sessionStorage.removeItem(`keep:${box.dataset.keep}`);
}

function keeping(box) {
  const name = `keep:${box.dataset.keep}`;
  const kept = sessionStorage.getItem(name);
  if (kept && !box.value) box.value = kept;
  box.addEventListener("input", () => sessionStorage.setItem(name, box.value));
  if (!box.value) sessionStorage.removeItem(name);
}

function prepare(root) {
  for (const box of root.querySelectorAll("[data-keep]")) keeping(box);
  for (const box of root.querySelectorAll("[data-count]")) counting(box);
}

prepare(document);
const live = document.querySelector("[data-live]");
if (live) listen(live.dataset.live);
