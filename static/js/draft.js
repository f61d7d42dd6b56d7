// The draft is saved while you write, the item is held while the page is visible, and given back soon after it is left.
const PAUSE = 700; // ms of quiet before a save
const RETRY = 10_000; // ms between attempts while offline
const BEAT = 60_000; // ms between heartbeats of a visible page
const IDLE = 60_000; // ms without a key or pointer after which time no longer counts as active

let dirty = false; // something was typed that the server does not have
let sending = false;
let over = false; // drafts are refused, or the form was sent: nothing more to save
let timer = 0;
let touchedAt = Date.now();
let activeMs = 0;

const form = () => document.getElementById("review-form");
const desk = () => document.getElementById("item");
const say = (detail) => document.dispatchEvent(new CustomEvent("say", { detail }));

function tell(words, tone = "", aloud = false) {
  const chip = document.querySelector("[data-saved]");
  if (!chip || chip.textContent === words) return;
  chip.textContent = words;
  chip.className = `chip ${tone}`;
  if (aloud) say(words);
}

function body(only = null) {
  const data = new FormData(form());
  if (!only) return data;
  const few = new FormData();
  for (const name of only) few.set(name, data.get(name) ?? "");
  return few;
}

/** POST that never follows a redirect: being sent to sign-in is an answer of its own. */
function post(url, data) {
  return fetch(url, { method: "POST", body: data, redirect: "manual", credentials: "same-origin", headers: { Accept: "application/json" } });
}

async function save() {
  clearTimeout(timer);
  if (!form() || over || sending || !dirty) return;
  const sent = form();
  [sending, dirty] = [true, false];
  tell("Saving");
  try {
    const answer = await post(desk().dataset.draftUrl, body());
    if (sent === form()) await saved(answer);
  } catch {
    dirty = true;
    tell("Offline, kept here", "warn", true);
    timer = setTimeout(save, RETRY);
  } finally {
    sending = false;
  }
}

async function saved(answer) {
  if (answer.ok) {
    tell(dirty ? "Saving" : "Saved", dirty ? "" : "good");
    await hold(answer);
    if (dirty) later();
  } else if ([404, 409, 410].includes(answer.status)) {
    over = true;
    tell("Not saved", "bad");
    expire();
  } else if (answer.type === "opaqueredirect" || [401, 403].includes(answer.status)) tell("Not saved: sign in again in another tab", "bad", true);
  else if (answer.status >= 500 || answer.status === 429) {
    dirty = true;
    tell("Not saved yet, trying again", "warn", true);
    timer = setTimeout(save, RETRY);
  } else tell("Not saved", "bad", true);
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

/** The lease is over. Sending is still right: the server counts it if a place is free, and keeps it otherwise. */
function expire() {
  const notice = document.querySelector("[data-expired]");
  if (!notice?.hidden) return;
  notice.hidden = false;
  document.querySelector("[data-held]").textContent = "No longer held for you";
  desk().dataset.leaseUntil = "";
  say(notice.textContent.trim());
}

/** How long the item is held, from the last answer of the server. */
async function hold(answer) {
  const { lease_until: until } = await answer.json().catch(() => ({}));
  if (until) desk().dataset.leaseUntil = until;
  showHold();
}

function showHold() {
  const place = document.querySelector("[data-held]");
  const until = Date.parse(desk()?.dataset.leaseUntil ?? "");
  if (!place || Number.isNaN(until)) return;
  const minutes = Math.round((until - Date.now()) / 60_000);
  place.textContent = minutes >= 1 ? `Held for you for ${minutes} min` : "Held for you for less than a minute";
}

async function beat() {
  if (!form() || over || document.visibilityState !== "visible") return;
  try {
    const answer = await post(desk().dataset.heartbeatUrl, body(["csrfmiddlewaretoken", "token"]));
    if (answer.ok) await hold(answer);
    else if ([404, 409, 410].includes(answer.status)) expire();
  } catch { showHold(); }
}

/** What was typed a moment ago, sent without waiting for the answer. */
function flush() {
  if (form() && !over && dirty) navigator.sendBeacon(desk().dataset.draftUrl, body());
}

/** Leaving: the last words are sent, and the lease is shortened so that a reload keeps it and nobody waits long. */
function leave() {
  if (!form() || over) return;
  flush();
  if (desk().dataset.releaseUrl) navigator.sendBeacon(desk().dataset.releaseUrl, body(["csrfmiddlewaretoken", "token"]));
}

function begin() {
  [dirty, over, activeMs] = [false, !form() || desk().dataset.over === "yes", 0];
  clearTimeout(timer);
  showHold();
}

for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => {
    if (over || event.target.form !== form() && event.target !== form()) return;
    dirty = true;
    later();
  });
}
for (const name of ["keydown", "pointerdown", "pointermove", "scroll"]) {
  document.addEventListener(name, () => { touchedAt = Date.now(); }, { passive: true, capture: true });
}
setInterval(() => {
  if (document.visibilityState === "visible" && Date.now() - touchedAt < IDLE) activeMs += 1000;
  const place = form()?.elements.active_ms;
  if (place) place.value = String(activeMs);
}, 1000);
setInterval(beat, BEAT);
setInterval(showHold, 30_000);
addEventListener("online", save);
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
document.addEventListener("visibilitychange", beat);
document.addEventListener("submit", (event) => {
  // The plain way leaves the page on purpose; htmx answers in place and calls begin() again.
  if (event.target.closest("#item") && !("htmx" in window)) over = true;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  clearTimeout(timer);
  if (event.target !== form()) flush(); // undo and skip replace what was typed
});
document.addEventListener("htmx:sendError", () => { if (dirty) later(); });
document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "item") begin(); });
begin();
