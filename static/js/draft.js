// The draft is saved while you write, the item is held while the page is visible, and given back soon after it is left.
import { gettext } from "./gettext.js";
import { forget, keep, restore } from "./kept.js";

const OFFLINE = "Offline";
const PAUSE = 700; // ms of quiet before a save
const RETRY = 10_000; // ms between attempts while offline
const BEAT = 60_000; // ms between heartbeats of a visible page
const IDLE = 60_000; // ms without a key or pointer after which time no longer counts as active
const REST = 300_000; // ms without active time that are a break

let dirty = false; // something was typed that the server does not have
let failing = false; // the last attempt to save did not get through
let sending = false;
let renewed = false; // a new CSRF token was fetched that the server has not taken yet
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
  tell(gettext("Saving"));
  try {
    const answer = await post(desk().dataset.draftUrl, body());
    if (sent === form()) await saved(answer);
  } catch {
    if (sent === form()) fail(OFFLINE);
  } finally {
    sending = false;
  }
}

async function saved(answer) {
  if (answer.ok) {
    [failing, renewed] = [false, false];
    tell(dirty ? gettext("Saving") : gettext("Saved"), dirty ? "" : "good");
    if (!dirty) forget(form());
    await hold(answer);
    if (dirty) later();
  } else if ([404, 409, 410].includes(answer.status)) {
    over = true;
    tell(gettext("Not saved: not yours any more"), "bad");
    expire((await answer.json().catch(() => ({}))).detail);
  } else if (answer.type === "opaqueredirect" || answer.status === 401) fail(gettext("Not saved: sign in again in another tab"), "bad");
  else if (answer.status === 403 && await renew()) later();
  else if (answer.status === 403) fail(gettext("Not saved: you may not review here any more"), "bad");
  else if (answer.status === 413) fail(gettext("Not saved: too long"), "bad");
  else fail(gettext("Not saved yet, trying again"));
}

/** Whoever signed in again in another tab has another token: this page, asked anew, has it. False the second time. */
async function renew() {
  if (renewed) return false;
  [dirty, renewed] = [true, true];
  const token = (await (await fetch(location.href)).text()).match(/csrfmiddlewaretoken" value="(\w+)/)?.[1];
  for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token ?? field.value;
  return true;
}

/** Keep it on this device, say so, and try again later. */
function fail(why, tone = "warn") {
  [dirty, failing] = [true, true];
  const isKept = keep(form());
  tell(why === OFFLINE ? isKept ? gettext("Offline, kept on this device") : gettext("Offline, not saved") : why, isKept ? tone : "bad", true);
  clearTimeout(timer);
  timer = setTimeout(save, RETRY);
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

/** The lease is over. Sending is still right: the server counts it if a place is free, and keeps it otherwise. */
function expire(ended) {
  const notice = document.querySelector("[data-expired]");
  if (!notice?.hidden) return;
  if (ended) notice.querySelector("p").textContent = gettext("%(ended)s What you typed is still here to copy.", { ended });
  notice.hidden = false;
  document.querySelector("[data-held]").textContent = gettext("No longer held for you");
  desk().dataset.leaseUntil = "";
  say(notice.textContent.trim());
}

/** How long the item is held, from the last answer of the server. */
async function hold(answer) {
  const { lease_until: until } = await answer.json().catch(() => ({}));
  if (until) desk().dataset.leaseUntil = until;
  if (until === null) expire();
  else showHold();
}

function showHold() {
  const place = document.querySelector("[data-held-for]");
  const until = Date.parse(desk()?.dataset.leaseUntil ?? "");
  if (!place || Number.isNaN(until)) return;
  const minutes = Math.round((until - Date.now()) / 60_000);
  place.textContent = minutes >= 1 ? gettext("Held for you for %(minutes)s min", { minutes }) : gettext("Held for you for less than a minute");
}

async function beat() {
  const held = form();
  if (!held || over || document.visibilityState !== "visible") return;
  try {
    const answer = await post(desk().dataset.heartbeatUrl, body(["csrfmiddlewaretoken", "token"]));
    if (held !== form()) return; // the next item is here: nothing of this is about it
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
  if (dirty) keep(form()); // the beacon may find nobody signed in
  flush();
  if (desk().dataset.releaseUrl) navigator.sendBeacon(desk().dataset.releaseUrl, body(["csrfmiddlewaretoken", "token"]));
}

/** The time that this tab has spent on the item already. */
function before() {
  const [token, ms] = (sessionStorage.getItem("active") || "").split(" ");
  return token && token === form()?.elements.token?.value ? Number(ms) : 0;
}

function begin() {
  [dirty, failing, over] = [false, false, !form() || desk().dataset.over === "yes"];
  activeMs = Math.max(Number(form()?.elements.active_ms?.value) || 0, before()); // a refused submit goes on counting, and so does a reload
  clearTimeout(timer);
  showHold();
  if (over || !restore(form(), Date.parse(desk().dataset.draftSavedAt))) return;
  say(gettext("What could not be sent earlier is back."));
  dirty = true;
  save();
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
/** After the minutes of active time that this person chose, a line says so; it stops nothing. */
function remind() {
  const line = document.querySelector("[data-break]");
  if (!line) return;
  const [at, before] = (sessionStorage.getItem("worked") || "0 0").split(" ").map(Number);
  const worked = Date.now() - at < REST ? before + 1000 : 1000;
  sessionStorage.setItem("worked", `${Date.now()} ${worked}`);
  line.hidden = worked < line.dataset.break * 60_000;
}

setInterval(() => {
  if (document.visibilityState === "visible" && Date.now() - touchedAt < IDLE) {
    activeMs += 1000;
    remind();
  }
  const place = form()?.elements.active_ms;
  if (!place) return;
  place.value = String(activeMs);
  sessionStorage.setItem("active", `${form().elements.token.value} ${activeMs}`);
}, 1000);
setInterval(beat, BEAT);
beat(); // who comes back has the whole time again
setInterval(showHold, 30_000);
addEventListener("online", save);
addEventListener("beforeunload", (event) => { if (failing && dirty && !over) event.preventDefault(); });
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
document.addEventListener("visibilitychange", () => { if (failing) save(); beat(); });
document.addEventListener("submit", (event) => {
  // The plain way leaves the page on purpose; htmx answers in place and calls begin() again.
  if (event.target.closest("#item") && !("htmx" in window)) over = true;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  clearTimeout(timer);
  if (event.target !== form() && event.target.id !== "pause") flush(); // undo and skip replace what was typed
});
document.addEventListener("htmx:sendError", () => { if (form() && !over) fail(OFFLINE); });
document.addEventListener("htmx:beforeSwap", (event) => {
  // Sent and counted, or passed on: what was kept for the item is not needed any more. A refusal keeps it.
  if (event.target.id === "item" && form() && event.detail.xhr.status === 200) forget(form());
});
document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "item") begin(); });
begin();
