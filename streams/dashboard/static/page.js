// The page: holds its parts together.

import * as address from "./address.js";
import { Charts } from "./charts.js";
import { csv, download } from "./csv.js";
import { age, ago, clock, count, perSecond, period, step } from "./format.js";
import { showBudgets, showLimits, showWorkers } from "./panels.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { showTables } from "./tables.js";
import { items, setText } from "./text.js";
import { showFlow, showMoney } from "./tiles.js";
import { verdict } from "./verdict.js";

const $ = (id) => document.getElementById(id);
const STATES = { loading: "Reading the books…", live: "Live", away: "Kafka is away", unreadable: "Unreadable" };
const NO_DATA = "No data yet: numbers come with the first ticket that a worker finishes";
const MARKS = { bad: "✖ ", warn: "! " };

let scope = address.read();
let drawing = 0;
const store = new Store();
const charts = new Charts((from, to) => look(address.fixed(scope, from, to, store.parts.scope.widest)));
const stream = new Stream((message) => { store.take(message); draw(); hooks(); }, () => draw());

// --- what is looked at -----------------------------------------------------------------------

function look(wanted, remember = true) {
  scope = wanted;
  const query = address.write(scope);
  if (remember) history.pushState(null, "", `?${query}`);
  showControls();
  stream.open(query);
}

function showControls() {
  for (const radio of document.querySelectorAll("input[name=window]")) radio.checked = radio.value === scope.window;
  for (const name of ["category", "model"]) choose($(name), scope[name]);
  $("later").disabled = scope.from === null;
}

// A name that nothing is known of yet can be asked for all the same.
function choose(select, value) {
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(value, value));
  select.value = value;
}

function showChoices({ names }) {
  for (const [id, known] of [["category", names.categories], ["model", names.models]]) {
    const wanted = ["", ...known, ...(known.includes(scope[id]) || !scope[id] ? [] : [scope[id]])];
    const select = $(id);
    if (wanted.join("\n") === [...select.options].map((option) => option.value).join("\n")) continue;
    select.replaceChildren(...wanted.map((name) => new Option(name || "all", name)));
    select.value = scope[id];
  }
}

// Moves by a share of what is shown, or changes its length.
function move(by, times = 1) {
  const { first, end, widest } = store.parts.scope;
  const length = end - first;
  const middle = scope.from === null && times !== 1 ? end - (length * times) / 2 : (first + end) / 2 + by * length;
  const wanted = address.fixed(scope, middle - (length * times) / 2, middle + (length * times) / 2, widest);
  const atEnd = wanted.to >= Math.floor(Date.now() / 1000);
  look((atEnd && address.live(scope, wanted.to - wanted.from)) || wanted);
}

$("controls").addEventListener("submit", (event) => event.preventDefault());
$("controls").addEventListener("change", ({ target }) => {
  if (target.name === "window") look({ ...scope, window: target.value, from: null, to: null });
  else look({ ...scope, [target.id]: target.value });
});
for (const [id, ...how] of [["earlier", -0.5], ["later", 0.5], ["closer", 0, 0.5], ["wider", 0, 2]]) {
  $(id).addEventListener("click", () => store.parts && move(...how));
}
$("csv").addEventListener("click", () => {
  if (store.parts) download(`ticket-streams-${new Date(store.parts.scope.first * 1000).toISOString().slice(0, 16)}.csv`, csv(store));
});
addEventListener("popstate", () => look(address.read(), false));

// --- what is shown ---------------------------------------------------------------------------

// At most once a frame, and not at all while nobody sees it.
function draw() {
  if (!drawing) drawing = requestAnimationFrame(() => { drawing = 0; show(); });
}

function show() {
  showStatus();
  showVerdict();
  const { parts } = store;
  // Before the books are read, zeros would be wrong.
  if (!parts || (parts.status.state !== "live" && parts.status.newest_window === null)) return;
  const title = shownTime(parts.scope);
  showChoices(parts);
  for (const part of document.querySelectorAll(".step")) setText(part, step(parts.scope.step));
  for (const part of document.querySelectorAll(".time-shown")) setText(part, title.toLowerCase());
  setText($("shown-time"), scope.window ? "" : title);
  showMoney(parts, title);
  showFlow(parts, title);
  charts.show(store, title);
  showWorkers(parts);
  showLimits(parts);
  showBudgets(parts);
  showTables(parts);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  setText($("about"), `Committed transactions only, of ${parts.status.app_id}, summed over all workers. Days and hours of money are UTC, times on this page ${zone}.`);
}

function shownTime({ window: named, first, end }) {
  if (named) return `Last ${period({ "15m": 900, "1h": 3600, "24h": 86400, "7d": 604800 }[named])}`;
  return `${clock(first)} to ${clock(end)}`;
}

function showStatus() {
  const told = store.parts?.status;
  const name = stream.online ? told.state : "reconnecting";
  $("status").dataset.state = name;
  setText($("state"), STATES[name] ?? (told ? "Reconnecting…" : "Connecting…"));
  document.body.dataset.old = String(Boolean(told) && (name !== "live"));
  showAge();
}

// Apart from the state, which is read aloud: this changes every second.
function showAge() {
  if (!store.parts) return;
  const { state, now, changed_at: changed, current_at: current, newest_window: newest } = store.parts.status;
  const silent = performance.now() - stream.heard;
  let said = newest === null ? "" : `newest data from ${clock(newest)}`;
  if (!stream.online || state !== "live") said = current === null ? "" : `numbers ${age(now - current + silent)} old`;
  else if (changed !== null) said = `last change ${ago(now - changed + silent)}`;
  setText($("age"), said);
}

function showVerdict() {
  const { parts } = store;
  const old = { level: "wait", text: "The dashboard's server does not answer: these numbers are old" };
  let [first, ...others] = [parts ? old : { level: "wait", text: "Connecting…" }];
  if (parts && stream.online) [first, ...others] = findings(parts);
  $("verdict").dataset.level = first.level;
  document.title = `${MARKS[first.level] ?? ""}ticket-streams`;
  const link = $("verdict-text");
  setText(link, first.text);
  if (first.href) link.href = first.href;
  else link.removeAttribute("href");
  alerts(others);
}

// At least one, the worst first.
function findings(parts) {
  const { status, outlook, group } = parts;
  const found = verdict(parts);
  if (status.state === "live" && status.newest_window === null) return [{ level: "wait", text: NO_DATA }, ...found];
  if (found.length) return found;
  if (status.state === "loading") return [{ level: "wait", text: STATES.loading }];
  const flow = outlook.tickets_per_second ? `${perSecond(outlook.tickets_per_second)} tickets a second` : "no tickets at the moment";
  const waits = group ? (group.waiting ? `, ${count(group.waiting)} in hand` : ", nothing waits") : "";
  return [{ level: "good", text: `All is well: ${flow}${waits}` }];
}

function alerts(found) {
  items($("alerts"), found.map(({ text }) => [text]), "a");
  found.forEach(({ href }, i) => $("alerts").children[i].firstChild.setAttribute("href", href));
}

// The demo has buttons that break things, and a panel that shows that nothing is lost.
let hooked = false;
function hooks() {
  if (hooked || !store.parts.status.demo) return;
  hooked = true;
  import("/static/promises.js");
}

showControls();
stream.open(address.write(scope));
setInterval(showAge, 1000);
