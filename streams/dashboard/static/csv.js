// What is shown, as a file: a row for each step and category, money in whole pico-dollars.

const FIELDS = [
  "calls", "tickets", "input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens",
  "picodollars", "unsettled_picodollars",
];

// A spreadsheet would take such a text for a formula.
const FORMULA = /^[=+\-@\t\r]/;

function cell(value) {
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csv(store) {
  const { scope } = store.parts;
  const lines = [["start", "seconds", "category", "model", ...FIELDS]];
  for (const start of store.starts()) {
    const time = new Date(start * 1000).toISOString();
    for (const [category, ...numbers] of store.spend.get(start) ?? []) {
      lines.push([time, scope.step, category, scope.model ?? "all", ...numbers.slice(0, 6), ...numbers.slice(6).map(BigInt)]);
    }
  }
  return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
