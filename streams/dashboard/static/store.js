// What the server has told so far: parts as they came last, and steps by their start.

export class Store {
  constructor() {
    this.parts = null; // null before the first message
    this.spend = new Map(); // start: [[category, calls, tickets, in, out, written, read, paid, unsettled]]
    this.errors = new Map(); // start: [[stage, type, count]]
    this.latency = new Map(); // start: [p50, p95, p99, calls]
  }

  take(message) {
    const { kind, spend = [], errors = [], latency = [], ...parts } = message;
    if (kind === "snapshot") for (const steps of [this.spend, this.errors, this.latency]) steps.clear();
    this.parts = kind === "snapshot" ? parts : { ...this.parts, ...parts };
    for (const [start, rows] of spend) this.spend.set(start, rows);
    for (const [start, rows] of errors) this.errors.set(start, rows);
    for (const [start, ...row] of latency) this.latency.set(start, row);
    const { first, end } = this.parts.scope;
    for (const steps of [this.spend, this.errors, this.latency]) {
      for (const start of steps.keys()) if (start < first || start >= end) steps.delete(start);
    }
  }

  // Starts of all steps that are shown.
  starts() {
    const { first, end, step } = this.parts.scope;
    return Array.from({ length: (end - first) / step }, (_, i) => first + i * step);
  }

  // [{name, points: [value of the row, or 0]}], in the order of names; those with no row left out.
  spendBy(names, value) {
    const starts = this.starts();
    const found = new Map();
    starts.forEach((start, i) => {
      for (const row of this.spend.get(start) ?? []) {
        if (!found.has(row[0])) found.set(row[0], new Array(starts.length).fill(0));
        found.get(row[0])[i] = value(row);
      }
    });
    const known = [...names, ...[...found.keys()].filter((name) => !names.includes(name))];
    return known.filter((name) => found.has(name)).map((name) => ({ name, points: found.get(name) }));
  }

  // [{stage, type, points}], by name.
  errorsByType() {
    const starts = this.starts();
    const found = new Map();
    starts.forEach((start, i) => {
      for (const [stage, type, count] of this.errors.get(start) ?? []) {
        const key = JSON.stringify([type, stage]);
        if (!found.has(key)) found.set(key, { stage, type, points: new Array(starts.length).fill(0) });
        found.get(key).points[i] = count;
      }
    });
    return [...found.keys()].sort().map((key) => found.get(key));
  }
}
