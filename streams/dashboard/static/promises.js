// The demo's panel: do the promises hold, and buttons that try to break them. Loaded in a demo only.
// It fills <section id="promises">. Texts are set as text, never as markup.

const EVERY_MS = 1_000;
const STILL_SECONDS = 60;
const TOKEN = "X-Demo-Token";

const STATES = {
  starting: "The audit begins: no number is known yet.",
  settling: "Settling: tickets are in flight. What can be said so far holds.",
  holds: "Every promise holds.",
  broken: "A promise does not hold.",
};
const AWAY = "Kafka is away: the numbers are those before. They go on when it is back.";
const SILENT = "The demo does not answer. It may have ended.";

const count = (n) => n.toLocaleString("en-US");

/** Pico-dollars (a BigInt) as dollars with all that is not zero of their twelve digits, six at least. */
function dollars(pico) {
  const digits = (pico < 0n ? -pico : pico).toString().padStart(13, "0");
  const whole = BigInt(digits.slice(0, -12)).toLocaleString("en-US");
  const parts = digits.slice(-12).replace(/0{1,6}$/, "");
  return `${pico < 0n ? "−" : ""}$${whole}.${parts}`;
}

// Leaves an unchanged text alone: it may be selected, or be read aloud.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// --- what is there -----------------------------------------------------------------------------

const section = document.getElementById("promises")
  ?? document.querySelector("main").insertAdjacentElement("afterbegin", make("section", { id: "promises" }));
const verdict = make("p", { className: "promises-verdict" });
const detail = make("p", { className: "promises-detail" });
const tiles = make("dl", { className: "promises-tiles" });
const buttons = make("div", { className: "promises-buttons" });
const log = make("div", { className: "promises-log" });
verdict.setAttribute("role", "status");
buttons.setAttribute("role", "group");
buttons.setAttribute("aria-label", "Break something");
log.setAttribute("role", "log");
log.setAttribute("aria-label", "What the last button did");

function tile(title) {
  const value = make("dd");
  const note = make("dd", { className: "note" });
  const box = make("div", {}, make("dt", { textContent: title }), value, note);
  tiles.append(box);
  return (said, about = "", state = "") => {
    setText(value, said);
    setText(note, about);
    box.dataset.state = state;
  };
}

const show = {
  lost: tile("Lost"),
  duplicates: tile("Doubled"),
  twice: tile("Paid twice"),
  flight: tile("In flight"),
  books: tile("Books against the API"),
};

// --- what it says ------------------------------------------------------------------------------

function tell(told) {
  const { promises: now, happening } = told;
  const state = now.current || now.state === "broken" ? now.state : "away";
  section.dataset.state = state;
  setText(verdict, state === "away" ? AWAY : STATES[state]);
  setText(detail, now.broken.length ? now.broken.join(" · ") : sum(now));
  show.lost(count(now.lost), "tickets that were read and are nowhere", now.lost ? "bad" : "good");
  show.duplicates(count(now.duplicates), "tickets that are out twice", now.duplicates ? "bad" : "good");
  show.twice(count(now.paid_twice), "answers bought again after their commit", now.paid_twice ? "bad" : "good");
  show.flight(count(now.in_flight), `of ${count(now.tickets)} tickets sent`);
  show.books(...books(now));
  const busy = happening !== null && ["breaking", "recovering"].includes(happening.phase);
  offer(told.faults, busy ? happening.fault : null, busy);
  if (happening !== null) report(happening);
}

function sum(now) {
  const settled = now.checks ? ` All ${now.checks} checks of ticket-streams verify were made.` : "";
  // In flight for ever is as bad as lost.
  const still = now.in_flight && now.still_seconds >= STILL_SECONDS ? ` Nothing has moved for ${count(now.still_seconds)} s.` : "";
  return `${count(now.tickets - now.in_flight - now.lost)} of ${count(now.tickets)} tickets are out.${settled}${still}`;
}

function books(now) {
  const [book, api, difference, unsettled] = [now.books, now.api, now.difference, now.unsettled].map(BigInt);
  const both = `books ${dollars(book)}, API ${dollars(api)}`;
  const most = `at most ${dollars(unsettled)} unsettled: calls that a crash cut off`;
  if (difference < 0n) return [`${dollars(-difference)} too much`, `${both}: it never charged that`, "bad"];
  if (difference === 0n) return ["agree to the pico-dollar", `${dollars(api)}${unsettled ? `, ${most}` : ""}`, "good"];
  if (difference <= unsettled) return ["agree", `${both}: ${dollars(difference)} of ${most}`, "good"];
  if (now.checks) return [`${dollars(difference - unsettled)} missing`, both, "bad"];
  return ["settling", `${both}: calls in flight are not committed yet`];
}

function offer(faults, running, busy) {
  if (!buttons.childElementCount) {
    buttons.append(...faults.map((fault) => {
      const about = make("span", { className: "note", id: `about-${fault.name}`, textContent: fault.about });
      const button = make("button", { type: "button", textContent: fault.title });
      button.dataset.fault = fault.name;
      button.setAttribute("aria-describedby", about.id);
      button.addEventListener("click", () => press(button));
      return make("div", {}, button, about);
    }));
  }
  for (const button of buttons.querySelectorAll("button")) {
    // Not "disabled": that would take the focus from who has just pressed it.
    button.setAttribute("aria-disabled", String(busy));
    button.toggleAttribute("data-running", button.dataset.fault === running);
  }
}

let reported = null;

function report({ title, said, began_at: began }) {
  if (reported !== began) log.replaceChildren();
  reported = began;
  for (const line of [`${title}.`, ...said].slice(log.childElementCount)) log.append(make("p", { textContent: line }));
}

// --- what it does ------------------------------------------------------------------------------

let token = null;

async function press(button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    token ??= (await (await fetch("/api/demo/token")).json()).token;
    const response = await fetch(`/api/demo/${button.dataset.fault}`, { method: "POST", headers: { [TOKEN]: token } });
    if (response.status === 403) token = null; // another run of the demo: asked for again
    if (!response.ok) setText(detail, (await response.json()).error);
  } catch {
    setText(verdict, SILENT);
  }
  await look();
}

async function look() {
  try {
    const response = await fetch("/api/demo");
    if (response.ok) tell(await response.json());
  } catch {
    section.dataset.state = "away";
    setText(verdict, SILENT);
  }
}

async function follow() {
  if (!document.hidden) await look();
  setTimeout(follow, EVERY_MS);
}

document.head.append(make("link", { rel: "stylesheet", href: "/static/promises.css" }));
section.setAttribute("aria-labelledby", "promises-title");
section.append(
  make("h2", { id: "promises-title", textContent: "The promises, live" }),
  verdict, detail, tiles, buttons, log,
);
await look();
section.hidden = false;
setTimeout(follow, EVERY_MS);
