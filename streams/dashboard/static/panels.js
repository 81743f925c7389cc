// Workers and their lag, rate limits, budgets: lines and bars.

import { age, brief, count, dollars, money, percent } from "./format.js";
import { items, setText } from "./text.js";

const $ = (id) => document.getElementById(id);

export function showWorkers({ group, status }) {
  const workers = group?.workers ?? [];
  setText($("workers-note"), note(group, status));
  items($("worker-list"), workers.map((one) => [
    name(one),
    one.partitions.length ? `partitions ${ranges(one.partitions)}` : "spare: takes over when one stops",
    one.waiting ? `${count(one.waiting)} waiting` : "nothing waits",
  ]));
  const lag = group?.lag ?? [];
  $("lag-title").hidden = !lag.length;
  const most = Math.max(1, ...lag.map(([, waiting]) => waiting));
  bars($("lag"), lag.map(([number, waiting]) => ({
    label: String(number),
    share: waiting / most,
    text: count(waiting),
  })));
}

function note(group, status) {
  if (!group) return "The group has not been asked yet.";
  if (status.state !== "live") return `As of ${age(status.now - group.read_at)} ago.`;
  const states = { Empty: "No worker runs.", Dead: "No worker has run yet.", Stable: "" };
  return states[group.state] ?? `Sharing out the partitions: ${group.state}.`;
}

// Kafka's member ids are long: client and host say as much to people.
const name = ({ id, host }) => `${id.replace(/-[0-9a-f]{8}-[0-9a-f-]{27}$/, "")} at ${host}`;

// "0–3, 6" of [0, 1, 2, 3, 6]
function ranges(numbers) {
  const found = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(", ");
}

const KINDS = { requests: "requests", input_tokens: "input tokens", output_tokens: "output tokens" };

export function showLimits({ limits }) {
  const told = limits.flatMap(({ model, ...kinds }) => Object.entries(kinds)
    .filter(([, { limit }]) => limit)
    .map(([kind, { limit, used }]) => ({
      group: model,
      label: KINDS[kind],
      share: used / limit,
      text: `${brief(used)} of ${brief(limit)}`,
    })));
  setText($("limits-note"), told.length ? "" : "Known after the next call that is answered.");
  meters($("limit-list"), told);
}

export function showBudgets({ budgets }) {
  setText($("budgets-note"), budgets.length ? "" : "None is set: TICKET_STREAMS_BUDGET_PER_DAY.");
  meters($("budget-list"), budgets.map(({ period, of, limit, spent, left }) => ({
    group: `${of && `${of}, `}${period === "day" ? "today" : `this ${period}`}`,
    label: `${money(BigInt(spent))} spent`,
    share: Number(spent) / Number(limit),
    text: `${left.startsWith("-") ? "nothing" : dollars(BigInt(left), 2)} of ${dollars(BigInt(limit), 2)} left`,
  })));
}

function meters(list, wanted) {
  resize(list, wanted.length, () => {
    const item = document.createElement("li");
    for (const part of ["group", "label", "text", "track"]) {
      const made = document.createElement(part === "track" ? "div" : "span");
      made.className = part;
      item.append(made);
    }
    item.lastChild.append(document.createElement("div"));
    item.lastChild.setAttribute("role", "meter");
    item.lastChild.setAttribute("aria-valuemin", "0");
    item.lastChild.setAttribute("aria-valuemax", "100");
    return item;
  });
  wanted.forEach(({ group, label, share, text }, i) => {
    const [its, of, value, track] = list.children[i].children;
    setText(its, wanted[i - 1]?.group === group ? "" : group);
    setText(of, label);
    setText(value, `${text}, ${percent(share)}`);
    const width = Math.min(100, Math.max(0, share * 100));
    track.setAttribute("aria-valuenow", width.toFixed(1));
    track.setAttribute("aria-valuetext", `${percent(share)}, ${text}`);
    track.setAttribute("aria-label", `${group}, ${label}`);
    track.dataset.level = share >= 1 ? "bad" : share >= 0.8 ? "warn" : "good";
    track.firstChild.style.width = `${width}%`;
  });
}

function bars(list, wanted) {
  resize(list, wanted.length, () => {
    const item = document.createElement("li");
    for (const part of ["label", "bar", "text"]) {
      const made = document.createElement("span");
      made.className = part;
      item.append(made);
    }
    item.children[1].append(document.createElement("span"));
    return item;
  });
  wanted.forEach(({ label, share, text }, i) => {
    const [name, bar, value] = list.children[i].children;
    setText(name, label);
    setText(value, text);
    bar.firstChild.style.width = `${share * 100}%`;
  });
}

function resize(list, length, make) {
  while (list.children.length > length) list.lastChild.remove();
  while (list.children.length < length) list.append(make());
}
