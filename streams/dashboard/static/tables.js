// The tables. Texts are set as text, never as markup: names and reasons come from outside.

import { colourOf } from "./charts.js";
import { ago, count, dollars, money, percent } from "./format.js";
import { rows } from "./table.js";
import { setText } from "./text.js";

const $ = (id) => document.getElementById(id);
const TOKENS = ["input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"];
const TIERS = { first: "first model", escalation: "second model", cache: "an identical ticket", none: "no call" };

const cells = (row) => [
  dollars(BigInt(row.picodollars)),
  row.tickets ? dollars((BigInt(row.picodollars) * 1000n) / BigInt(row.tickets), 4) : "–",
  count(row.tickets),
  count(row.calls),
  ...TOKENS.map((name) => count(row[name])),
];

export function showTables({ shown, names, tickets, letters, status }) {
  const order = (one) => names.categories.indexOf(one.name);
  rows($("categories"), shown.categories.toSorted((a, b) => order(a) - order(b)).map((one) => ({
    mark: colourOf(one.name, names.categories),
    cells: [one.name, ...cells(one)],
  })), "No tickets yet");
  const models = shown.models.length > 1 ? shown.models : [];
  rows($("models"), models.map((one) => ({
    cells: [one.name === "none" ? "without a call" : one.name, ...cells(one)],
  })));
  rows($("categories-total"), shown.categories.length ? [{ cells: ["Total", ...cells(shown.total)] }] : []);
  rows($("types"), shown.errors.toSorted((a, b) => b[2] - a[2]).map(([stage, type, n]) => ({
    cells: [type, stage, count(n)],
  })), "No errors");
  rows($("letter-rows"), letters.last.slice(0, 8).map((one) => ({
    cells: [one.message ? `${one.type}: ${one.message}` : one.type, one.source, ago(status.now - one.at)],
  })), "No dead letters");
  showTickets(tickets, names, status.now);
}

function showTickets(tickets, names, now) {
  const withText = tickets.some((one) => one.text !== undefined);
  setText($("tickets-aside"), withText ? "" : "without their text");
  rows($("ticket-rows"), tickets.slice(0, 12).map((one) => ({
    mark: colourOf(one.category, names.categories),
    cells: [
      one.category + (one.reason ? ` (${one.reason})` : ""),
      withText ? `${one.id} ${one.text}` : one.place,
      one.tier === "cache" || one.tier === "none" ? TIERS[one.tier] : one.model ?? TIERS[one.tier],
      one.tier === "none" ? "–" : percent(one.confidence),
      one.picodollars === "0" ? "–" : money(BigInt(one.picodollars)),
      ago(now - one.at),
    ],
  })), "No tickets yet");
}
