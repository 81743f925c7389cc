// What is the matter, worst first: [{level: "bad" | "warn", text, href}]. Empty: all is well. Pure.

import { count, dollars, minutes, percent } from "./format.js";

const NEAR_LIMIT = 0.9; // of a rate limit
const FEW = 0.05; // of the calls
const MANY = 0.5;
const LONG_S = 600; // until what waits is done

const ORDER = { bad: 0, warn: 1 };

export function verdict(parts) {
  const found = [...ofState(parts), ...ofWork(parts), ...ofErrors(parts), ...ofMoney(parts)];
  return found.sort((a, b) => ORDER[a.level] - ORDER[b.level]);
}

function* ofState({ status }) {
  const { state, detail } = status;
  if (state === "away") yield { level: "bad", text: detail ?? "Kafka does not answer", href: "#status" };
  if (state === "unreadable") yield { level: "bad", text: `The books cannot be read${detail ? `: ${detail}` : ""}`, href: "#status" };
}

function* ofWork({ group, outlook, status }) {
  if (!group || status.state !== "live") return;
  const { waiting, workers } = group;
  const wait = `${count(waiting)} ${waiting === 1 ? "ticket waits" : "tickets wait"}`;
  const href = "#workers";
  if (!workers.length) {
    if (waiting) yield { level: "bad", text: `No worker runs, and ${wait}: start ticket-streams worker`, href };
    else yield { level: "warn", text: "No worker runs", href };
    return;
  }
  if (group.state !== "Stable") yield { level: "warn", text: `The workers share out the partitions (${group.state})`, href };
  const speed = outlook.tickets_per_second;
  if (waiting && !speed) yield { level: "bad", text: `${wait}, and none was finished in the last minute`, href };
  else if (waiting / speed > LONG_S) yield { level: "warn", text: `${wait}: about ${minutes(waiting / speed)} at this speed`, href };
}

function* ofErrors({ lately, letters }) {
  const failed = lately.errors.filter(([stage]) => stage === "api");
  const errors = failed.reduce((sum, [, , n]) => sum + n, 0);
  const share = errors / (errors + lately.calls);
  if (errors && share > FEW) {
    const [, type] = failed.toSorted((a, b) => b[2] - a[2])[0];
    const text = `${percent(share)} of calls failed in the last 5 minutes, mostly ${type}`;
    yield { level: share > MANY ? "bad" : "warn", text, href: "#errors-chart" };
  }
  if (letters.lately) {
    const what = letters.lately === 1 ? "1 dead letter" : `${count(letters.lately)} dead letters`;
    yield { level: "warn", text: `${what} in the last hour`, href: "#letters" };
  }
}

function* ofMoney({ budgets, limits }) {
  for (const { period, of, limit, spent, left, warn } of budgets) {
    const whose = `${period}'s budget${of && ` of ${of}`}`;
    const share = Number(spent) / Number(limit);
    const text = share >= 1 ? `The ${whose} is used up` : `${percent(share)} of the ${whose} is used, ${dollars(BigInt(left), 2)} are left`;
    if (share >= warn) yield { level: share >= 1 ? "bad" : "warn", text, href: "#budgets" };
  }
  for (const { model, ...kinds } of limits) {
    for (const [kind, { limit, used }] of Object.entries(kinds)) {
      if (!limit || used / limit < NEAR_LIMIT) continue;
      const text = `${model} takes ${percent(used / limit)} of its ${kind.replace("_", " ")} a minute`;
      yield { level: "warn", text, href: "#limits" };
    }
  }
}
