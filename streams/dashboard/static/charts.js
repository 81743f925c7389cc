// The five charts, from what the store has.

import { Chart } from "./chart.js";
import { brief, count, dollars, dollarTicks, latency, money, perSecond, toNumber } from "./format.js";

// Places in a step's row, after the name and the calls.
const [TICKETS, INPUT, OUTPUT, WRITTEN, READ, PAID] = [2, 3, 4, 5, 6, 7];
const KINDS = [
  ["input", INPUT, "s2"],
  ["output", OUTPUT, "s1"],
  ["cache write", WRITTEN, "s3"],
  ["cache read", READ, "s0"],
];
const PERCENTILES = [["p50", "s1"], ["p95", "s3"], ["p99", "e1"]];

// "unknown" is grey; the others take the palette in their order.
export const colourOf = (name, names) => (name === "unknown" ? "s0" : `s${(names.indexOf(name) % 7) + 1}`);

export class Charts {
  constructor(zoom) {
    const make = (id, given) => new Chart(document.getElementById(id), { ...given, zoom });
    const briefs = (values) => values.map(brief);
    this.spend = make("spend-chart", { ticks: dollarTicks });
    this.tickets = make("tickets-chart", { ticks: briefs });
    this.errors = make("errors-chart", { ticks: briefs, whole: true });
    this.latency = make("latency-chart", { ticks: (values) => values.map(latency), lines: true });
    this.tokens = make("tokens-chart", { ticks: briefs, whole: true });
  }

  show(store, title) {
    const { scope, names, shown } = store.parts;
    const frame = { starts: store.starts(), step: scope.step, title };
    const by = (value) => store.spendBy(names.categories, value);
    this.#spend(by((row) => row[PAID]), frame, names.categories, shown);
    this.#tickets(by((row) => row[TICKETS]), frame, names.categories, shown);
    this.#errors(store.errorsByType(), frame, shown);
    this.#latency(store, frame, shown);
    this.#tokens(store, frame, shown);
  }

  #spend(found, frame, names, { total, categories }) {
    const sums = new Map(categories.map((one) => [one.name, one.picodollars]));
    const series = found.map(({ name, points }) => ({
      name,
      colour: colourOf(name, names),
      points: points.map((pico) => toNumber(pico)),
      at: (i) => money(BigInt(points[i])),
      sum: money(BigInt(sums.get(name) ?? 0)),
    }));
    const paid = dollars(BigInt(total.picodollars));
    this.spend.show(frame, series, `${frame.title}: ${paid} spent`, paid === "$0.000000" ? "Nothing was spent" : "");
  }

  #tickets(found, frame, names, { total }) {
    const seconds = frame.step * frame.starts.length;
    const series = found.map(({ name, points }) => ({
      name,
      colour: colourOf(name, names),
      points: points.map((tickets) => tickets / frame.step),
      at: (i) => perSecond(points[i] / frame.step),
      sum: count(points.reduce((sum, tickets) => sum + tickets, 0)),
    }));
    const summary = `${frame.title}: ${count(total.tickets)} tickets, ${perSecond(total.tickets / seconds)} a second`;
    this.tickets.show(frame, series, summary, total.tickets ? "" : "No tickets");
  }

  #errors(found, frame, { errors }) {
    const sums = new Map(errors.map(([stage, type, n]) => [`${stage} ${type}`, n]));
    const series = found.map(({ stage, type, points }, i) => ({
      name: `${type} (${stage})`,
      colour: `e${(i % 6) + 1}`,
      points,
      at: (index) => count(points[index]),
      sum: count(sums.get(`${stage} ${type}`) ?? 0),
    }));
    const all = errors.reduce((sum, [, , n]) => sum + n, 0);
    this.errors.show(frame, series, `${frame.title}: ${count(all)} errors`, all ? "" : "No errors");
  }

  #latency(store, frame, { latency: sums }) {
    const rows = frame.starts.map((start) => store.latency.get(start));
    const series = PERCENTILES.map(([name, colour], n) => ({
      name,
      colour,
      points: rows.map((row) => (row?.[3] ? row[n] : null)),
      at: (i) => (rows[i]?.[3] ? latency(rows[i][n]) : "–"),
      sum: sums[3] ? latency(sums[n]) : "–",
    }));
    const summary = `${frame.title}: ${PERCENTILES.map(([name], n) => `${name} ${latency(sums[n])}`).join(", ")}`;
    this.latency.show(frame, series, summary, sums[3] ? "" : "No calls were read");
  }

  #tokens(store, frame, { total }) {
    const rows = frame.starts.map((start) => store.spend.get(start) ?? []);
    const fields = { [INPUT]: "input_tokens", [OUTPUT]: "output_tokens", [WRITTEN]: "cache_write_tokens", [READ]: "cache_read_tokens" };
    const series = KINDS.filter(([, field], n) => n < 2 || total[fields[field]]).map(([name, field, colour]) => {
      const points = rows.map((step) => step.reduce((sum, row) => sum + row[field], 0));
      return { name, colour, points, at: (i) => count(points[i]), sum: count(total[fields[field]]) };
    });
    const all = series.reduce((sum, { points }) => sum + points.reduce((a, b) => a + b, 0), 0);
    this.tokens.show(frame, series, `${frame.title}: ${count(all)} tokens`, all ? "" : "No tokens");
  }
}
