// What is looked at stands in the address: it can be sent to somebody, and "back" undoes.

const WINDOWS = { "15m": 900, "1h": 3600, "24h": 86400, "7d": 604800 };
const LEAST = 300; // seconds, as the server has it

// {window, from, to, category, model}; from and to in epoch seconds, where a fixed time is shown.
export function read() {
  const query = new URLSearchParams(location.search);
  const [from, to] = ["from", "to"].map((name) => Number(query.get(name)) || 0);
  const fixed = to - from >= LEAST;
  return {
    window: fixed ? null : WINDOWS[query.get("window")] ? query.get("window") : "1h",
    from: fixed ? from : null,
    to: fixed ? to : null,
    category: query.get("category") ?? "",
    model: query.get("model") ?? "",
  };
}

export function write(scope) {
  const query = new URLSearchParams();
  if (scope.from !== null) {
    query.set("from", scope.from);
    query.set("to", scope.to);
  } else {
    query.set("window", scope.window);
  }
  for (const name of ["category", "model"]) if (scope[name]) query.set(name, scope[name]);
  return query.toString();
}

// A fixed time; one that would end in the future ends now, one that is too short is made longer.
export function fixed(scope, from, to, widest) {
  const now = Math.ceil(Date.now() / 1000);
  const length = Math.min(widest, Math.max(LEAST, Math.round(to - from)));
  const end = Math.min(now, Math.round((from + to + length) / 2));
  return { ...scope, window: null, from: end - length, to: end };
}

// The window of this length that ends now, if there is one.
export function live(scope, seconds) {
  const name = Object.keys(WINDOWS).find((one) => WINDOWS[one] === seconds);
  return name && { ...scope, window: name, from: null, to: null };
}
