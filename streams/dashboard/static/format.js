// Numbers and times as people read them. Money comes as pico-dollars in decimal text and stays a
// BigInt to the end: nothing is rounded but what is shown, and that half to even.

const DOLLAR = 10n ** 12n;
const PLACES = 12;

const group = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ",");

// "$1,234.567890" of a BigInt of pico-dollars, with this many places.
export function dollars(pico, places = 6) {
  const unit = 10n ** BigInt(PLACES - places);
  const size = pico < 0n ? -pico : pico;
  let whole = size / unit;
  const twice = (size % unit) * 2n;
  if (twice > unit || (twice === unit && whole % 2n === 1n)) whole += 1n;
  const digits = whole.toString().padStart(places + 1, "0");
  const cut = digits.length - places;
  return `${pico < 0n ? "-" : ""}$${group(digits.slice(0, cut))}.${digits.slice(cut)}`;
}

// Every place that is not zero: ["$12.34", "5678"], cents first.
export function exactDollars(pico) {
  const text = dollars(pico, PLACES);
  const cents = text.length - PLACES + 2;
  return [text.slice(0, cents), text.slice(cents).replace(/0+$/, "")];
}

// For drawing only: a number of dollars.
export const toNumber = (pico) => Number(pico) / Number(DOLLAR);

// "$0.05", "$0.10": numbers of dollars on an axis, all with as many places as the longest needs, at least two.
export function dollarTicks(values) {
  const used = (value) => (+value.toPrecision(6)).toFixed(PLACES).replace(/0+$/, "").split(".")[1].length;
  const places = Math.max(2, ...values.map(used));
  return values.map((value) => `$${value.toFixed(places)}`);
}

// For a glance: as many places as a small amount needs, two for a large one.
export function money(pico) {
  const size = Math.abs(toNumber(pico));
  return dollars(pico, size === 0 || size >= 100 ? 2 : size >= 1 ? 3 : size >= 0.01 ? 4 : 6);
}

// "<0.1%", "0.4%", "12%"
export function percent(share) {
  const value = share * 100;
  if (value > 0 && value < 0.05) return "<0.1%";
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)}%`;
}

// "240 ms", "1.3 s"
export const latency = (ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`);

// "1.2k", "3.4M": for axes and small places.
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
export const brief = (number) => short.format(number);

export const minutes = (seconds) => period(Math.max(1, Math.round(seconds / 60)) * 60);

// "0.3", "12": of a rate.
export const perSecond = (rate) => (rate && rate < 9.95 ? rate.toFixed(rate < 0.095 ? 2 : 1) : count(Math.round(rate)));

export const count = (number) => group(String(number));
export const counts = (numbers) => numbers.map(count);

// "3 s", "12 min", "5 h", "2 days"
export function age(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

export const ago = (ms) => (ms < 1500 ? "just now" : `${age(ms)} ago`);

// "60 minutes", "5 hours", "8 days": what is whole, from the largest unit that leaves more than one.
export function period(seconds) {
  for (const [size, name] of [[86400, "days"], [3600, "hours"], [60, "minutes"]]) {
    if (seconds % size === 0 && seconds / size > 1) return `${seconds / size} ${name}`;
  }
  return `${seconds} seconds`;
}

// "minute", "hour", "day", or a period
export const step = (seconds) =>
  ({ 60: "minute", 3600: "hour", 86400: "day" })[seconds] ?? period(seconds);

const hours = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const days = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });

// "10:32" of epoch seconds, in the reader's time zone; another day's with its date. An axis that is
// ``span`` seconds long has days only where it is days long.
export function clock(seconds, span = 0) {
  const then = new Date(seconds * 1000);
  if (span > 0) return span > 2 * 86400 ? days.format(then) : hours.format(then);
  const today = then.toDateString() === new Date().toDateString();
  return today ? hours.format(then) : `${days.format(then)}, ${hours.format(then)}`;
}
