// The numbers at the top: money first, then the flow.

import { age, brief, count, dollars, exactDollars, latency, money, percent, perSecond } from "./format.js";
import { setText } from "./text.js";

const $ = (id) => document.getElementById(id);
const text = (id, value) => setText($(id), value);
const [DAY_AFTER, MONTH_AFTER] = [600, 3600]; // seconds of books: earlier it would be a guess
const MINOR = 4; // places after the cents that are worth a look

function exact(id, picodollars) {
  const [major, minor] = exactDollars(BigInt(picodollars));
  text(id, major);
  text(`${id}-minor`, minor.slice(0, MINOR));
  $(id).parentElement.title = major + minor;
}

export function showMoney({ outlook, shown }, title) {
  exact("today", outlook.today);
  exact("hour", outlook.hour);
  const { mean_seconds: known } = outlook;
  const day = `${dollars(BigInt(outlook.projected_day), 2)} by midnight UTC, at this rate`;
  text("today-note", known < DAY_AFTER ? "UTC; a projection comes after ten minutes" : day);
  text("hour-note", `${money(BigInt(outlook.per_hour))} an hour lately`);
  text("month", known < MONTH_AFTER ? "–" : about(BigInt(outlook.projected_month)));
  text("month-note", known < MONTH_AFTER ? "comes after an hour of books" : `as the last ${age(known * 1000)}`);
  const { total, one_by_one: alone } = shown;
  text("rate", total.tickets ? dollars(perThousand(total.picodollars, total.tickets), 4) : "–");
  text("rate-note", compared(total, alone) || (total.tickets ? title.toLowerCase() : ""));
}

// Cents of thousands of dollars that nobody has spent yet tell nothing.
const about = (pico) => dollars(pico, 2).replace(/(?<=,\d{3})\.\d+$/, "");

const perThousand = (pico, tickets) => (BigInt(pico) * 1000n) / BigInt(tickets);

// "$1.20 with one call of … each: 12 times as much"
function compared({ picodollars, tickets }, alone) {
  if (!alone) return "";
  const each = `${dollars(perThousand(alone.picodollars, tickets), 2)} at one ${alone.model} call each`;
  const times = Number(alone.picodollars) / Number(picodollars);
  return Number.isFinite(times) ? `${each}: ${times < 9.95 ? times.toFixed(1) : Math.round(times)} times as much` : each;
}

export function showFlow({ outlook, group, shown, letters, names }, title) {
  const { total, latency: [p50, p95, p99, calls], escalated, cached, errors } = shown;
  const then = title.toLowerCase();
  text("speed", perSecond(outlook.tickets_per_second));
  text("speed-note", `${brief(total.tickets)} in ${brief(total.calls)} calls, ${then}`);
  text("waiting", group ? count(group.waiting) : "–");
  text("waiting-note", group ? `${count(group.workers.length)} ${group.workers.length === 1 ? "worker" : "workers"}` : "");
  text("p95", calls ? latency(p95) : "–");
  text("p95-note", calls ? `half below ${latency(p50)}, p99 ${latency(p99)}` : "no call was read");
  text("escalated", total.tickets ? percent(escalated / total.tickets) : "–");
  text("escalated-note", names.escalation === "none" ? "there is no second model" : `${count(escalated)} by ${names.escalation}`);
  const input = total.input_tokens + total.cache_read_tokens + total.cache_write_tokens;
  const read = input ? total.cache_read_tokens / input : 0;
  text("cached", cached === null ? (input ? percent(read) : "–") : total.tickets ? percent(cached / total.tickets) : "–");
  text("cached-note", cached === null ? "of the input tokens" : `identical tickets; ${percent(read)} of input tokens`);
  const all = errors.reduce((sum, [, , n]) => sum + n, 0);
  text("errors", count(all));
  text("errors-note", errors.length ? `mostly ${errors.toSorted((a, b) => b[2] - a[2])[0][1]}` : then);
  text("dead", count(letters.lately));
  text("dead-note", "in the last hour");
  $("dead").dataset.level = letters.lately ? "warn" : "";
}
