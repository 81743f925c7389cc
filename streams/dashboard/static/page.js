// The page: takes the whole state from each event and shows it. Texts are set as text, never as
// markup: names of categories and errors come from outside.

import { Chart } from "./chart.js";
import { age, ago, clock, count, counts, dollars, dollarTicks, exactDollars, period, step, toNumber } from "./format.js";
import { rows } from "./table.js";
import { setText } from "./text.js";

const SILENCE_MS = 12_000; // more than two heartbeats
const REOPEN_MS = 2_000;

const $ = (id) => document.getElementById(id);
const text = (id, value) => setText($(id), value);

const charts = {
  spend: new Chart($("spend-chart"), { ticks: dollarTicks }),
  tickets: new Chart($("tickets-chart"), { ticks: counts, whole: true }),
  errors: new Chart($("errors-chart"), { ticks: counts, whole: true }),
};

// --- what the events say ---------------------------------------------------------------------

let state = null;
let heard = 0; // when, by the clock that never jumps
let online = false;

function open() {
  const events = new EventSource("/api/events");
  let watch;
  const reopen = (after) => {
    events.close();
    clearTimeout(watch);
    setTimeout(open, after);
  };
  const guard = () => {
    clearTimeout(watch);
    watch = setTimeout(() => {
      online = false;
      showStatus();
      reopen(0);
    }, SILENCE_MS);
  };
  events.addEventListener("state", (event) => {
    state = JSON.parse(event.data);
    heard = performance.now();
    online = true;
    guard();
    show();
  });
  events.addEventListener("error", () => {
    online = false;
    showStatus();
    // Closed for good after an answer that is no event stream: a proxy's error page, say.
    if (events.readyState === EventSource.CLOSED) reopen(REOPEN_MS);
  });
  guard();
}

// --- status ----------------------------------------------------------------------------------

const STATES = {
  loading: ["Reading the books…", ""],
  live: ["Live", ""],
  away: ["Kafka is away", "The page goes on by itself when Kafka is back."],
  unreadable: ["The books cannot be read", ""],
};
const NO_DATA = "No data yet: numbers come with the first ticket that a worker finishes.";

const isEmpty = () => state.status.newest_window === null;

function showStatus() {
  const told = state?.status;
  const name = online ? told.state : "reconnecting";
  let [title, notice] = STATES[name] ?? [state ? "Reconnecting…" : "Connecting…", ""];
  if (name === "reconnecting" && state) notice = "The dashboard's server does not answer. The numbers below are old.";
  if (online && told.detail) notice = `${told.detail}${/[.?!]$/.test(told.detail) ? "" : "."} ${notice}`.trim();
  if (name === "live" && isEmpty()) notice = NO_DATA;
  $("status").dataset.state = name;
  $("notice").dataset.state = name;
  text("state", title);
  text("notice", notice);
  showAge();
}

// Apart from the state, which is read aloud: this changes every second.
function showAge() {
  if (!state) return;
  const { now, changed_at: changed, current_at: current, newest_window: newest } = state.status;
  const silent = performance.now() - heard;
  if (!online || state.status.state !== "live") {
    text("age", current === null ? "" : `numbers ${age(now - current + silent)} old`);
  } else if (changed !== null) {
    text("age", `last change ${ago(now - changed + silent)}`);
  } else {
    text("age", newest === null ? "" : `newest data from ${clock(newest)}`);
  }
}

// --- numbers ---------------------------------------------------------------------------------

function show() {
  showStatus();
  if (state.status.state !== "live" && isEmpty()) return;
  const { status, spend, errors } = state;
  const recent = `Last ${period(spend.step_seconds * spend.starts.length)}`;
  const frame = { starts: spend.starts, step_seconds: spend.step_seconds, title: recent };
  document.querySelectorAll(".step").forEach((part) => setText(part, step(spend.step_seconds)));
  document.querySelectorAll(".recent-column").forEach((part) => setText(part, recent));
  showTiles(status, spend, errors, recent);
  showCharts(spend, errors, frame);
  showCategories(spend);
  showTypes(errors);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  text("about", `Committed transactions only, of ${status.app_id}, summed over all workers. Times in ${zone}.`);
}

function showTiles(status, spend, errors, recent) {
  const { total, recent: last } = spend;
  const then = `in the ${recent.toLowerCase()}`;
  money("spend", total.picodollars);
  money("recent", last.picodollars);
  text("spend-note", `all that is kept: the last ${period(status.retention_hours * 3600)}`);
  text("recent-title", recent);
  text("recent-note", `${count(last.tickets)} tickets, ${count(last.calls)} calls`);
  text("tickets", count(total.tickets));
  text("tickets-note", `${count(last.tickets)} ${then}`);
  text("calls", count(total.calls));
  text("calls-note", `${count(last.calls)} ${then}`);
  text("rate", rate(total, 4));
  text("rate-note", last.tickets ? `${rate(last, 4)} ${then}` : "");
  text("errors", count(errors.total));
  text("errors-note", `${count(errors.recent)} ${then}`);
  text("unsettled", dollars(BigInt(total.unsettled_picodollars), 4));
  $("unsettled").title = exactDollars(BigInt(total.unsettled_picodollars)).join("");
}

function money(id, picodollars) {
  const [major, minor] = exactDollars(BigInt(picodollars));
  text(id, major);
  text(`${id}-minor`, minor);
}

function rate(row, places) {
  const pico = row.picodollars_per_1000_tickets;
  return pico === null ? "–" : dollars(BigInt(pico), places);
}

// "unknown" is grey; the others take the palette in their order.
const colourOf = (category, i) => (category === "unknown" ? "s0" : `s${(i % 7) + 1}`);

function showCharts(spend, errors, frame) {
  const nothing = `Nothing in the ${frame.title.toLowerCase()}`;
  const perCategory = spend.categories.map((one, i) => ({
    name: one.category,
    colour: colourOf(one.category, i),
    points: one.picodollars.map(toNumber),
    at: (index) => dollars(BigInt(one.picodollars[index])),
    sum: dollars(BigInt(one.recent.picodollars)),
  }));
  const tickets = frame.starts.map((_, i) => spend.categories.reduce((sum, one) => sum + one.tickets[i], 0));
  const all = {
    name: "tickets",
    colour: "ink-soft",
    points: tickets,
    at: (index) => count(tickets[index]),
    sum: count(spend.recent.tickets),
  };
  const perType = errors.types.map((one, i) => ({
    name: `${one.type} (${one.stage})`,
    colour: `e${(i % 6) + 1}`,
    points: one.counts,
    at: (index) => count(one.counts[index]),
    sum: count(one.recent),
  })).filter((_, i) => errors.types[i].recent > 0);
  const say = (what) => `${frame.title}: ${what}`;
  const paid = dollars(BigInt(spend.recent.picodollars));
  charts.spend.show(frame, perCategory, say(`${paid} spent`), paid === "$0.000000" ? nothing : "");
  charts.tickets.show(frame, [all], say(`${all.sum} tickets`), spend.recent.tickets ? "" : nothing);
  charts.errors.show(frame, perType, say(`${count(errors.recent)} errors`), errors.recent ? "" : nothing);
}

function showCategories({ categories, total }) {
  const cells = (row) => [
    dollars(BigInt(row.picodollars)),
    ...[row.tickets, row.calls, row.input_tokens, row.output_tokens].map(count),
    ...[row.cache_write_tokens, row.cache_read_tokens].map(count),
  ];
  rows($("categories"), categories.map((one, i) => ({
    mark: colourOf(one.category, i),
    cells: [one.category, ...cells(one.total)],
  })), "No tickets yet");
  rows($("categories-total"), categories.length ? [{ cells: ["Total", ...cells(total)] }] : []);
}

function showTypes({ types, recent, total }) {
  rows($("types"), types.map((one, i) => ({
    mark: `e${(i % 6) + 1}`,
    cells: [one.type, one.stage, count(one.recent), count(one.total)],
  })), "No errors");
  rows($("types-total"), types.length ? [{ cells: ["Total", "", count(recent), count(total)] }] : []);
}

open();
setInterval(showAge, 1000);
