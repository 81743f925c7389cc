// The server's live messages: opened again whenever they end, or nothing is heard for too long.

const SILENCE_MS = 12_000; // more than two heartbeats
const REOPEN_MS = 2_000;

export class Stream {
  // take(message): one more; told(online): whether the server answers.
  constructor(take, told) {
    this.take = take;
    this.told = told;
    this.heard = 0; // by the clock that never jumps
    this.online = false;
  }

  // Messages about this query from now on; those of the last one are not waited for.
  open(query) {
    this.events?.close();
    clearTimeout(this.watch);
    clearTimeout(this.reopening);
    const events = new EventSource(`/api/page?${query}`);
    this.events = events;
    const reopen = (after) => {
      events.close();
      clearTimeout(this.watch);
      clearTimeout(this.reopening);
      this.reopening = setTimeout(() => this.open(query), after);
    };
    const guard = () => {
      clearTimeout(this.watch);
      this.watch = setTimeout(() => {
        this.#set(false);
        reopen(0);
      }, SILENCE_MS);
    };
    events.addEventListener("page", (event) => {
      if (events !== this.events) return;
      this.heard = performance.now();
      guard();
      this.#set(true);
      this.take(JSON.parse(event.data));
    });
    events.addEventListener("error", () => {
      if (events !== this.events) return;
      this.#set(false);
      // Closed for good after an answer that is no event stream: a proxy's error page, say.
      if (events.readyState === EventSource.CLOSED) reopen(REOPEN_MS);
    });
    guard();
  }

  #set(online) {
    if (online === this.online) return;
    this.online = online;
    this.told(online);
  }
}
