// Columns over time, stacked. What a pointer is on stands in the legend; without one, the sums do.

/* global uPlot */
import { clock } from "./format.js";
import { setText, swatch } from "./text.js";

const HEIGHT = 200;
const EDGE = 22; // half the width of a time
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const WHOLE = [1, 2, 5].flatMap((n) => Array.from({ length: 10 }, (_, e) => n * 10 ** e)).sort((a, b) => a - b);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
  // ticks: texts of the numbers on the vertical axis; whole: numbers are counts
  constructor(section, { ticks, whole = false }) {
    this.plot = section.querySelector(".plot");
    this.legend = section.querySelector(".legend");
    this.when = section.querySelector(".when");
    this.ticks = ticks;
    this.whole = whole;
    this.made = null;
    this.shape = "";
    new ResizeObserver(() => this.#resize()).observe(this.plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.made?.redraw());
  }

  // series: [{name, colour: "s1", points: [number], at: (index) => text, sum: text}], bottom first.
  // frame: {starts, step_seconds, title}. An empty text hides nothing else than itself.
  show(frame, series, summary, empty) {
    this.frame = frame;
    this.series = series;
    this.plot.setAttribute("aria-label", summary);
    this.plot.dataset.empty = empty;
    const shape = JSON.stringify([frame.step_seconds, series.map((one) => [one.name, one.colour])]);
    if (shape !== this.shape) {
      this.shape = shape;
      this.#make();
    } else {
      this.made.setData(this.#data());
    }
    this.#read(this.made.cursor.idx);
  }

  // Each series stands on those below it. Drawn from the top, so that lower ones cover the rest.
  #data() {
    const { starts, step_seconds } = this.frame;
    const below = starts.map(() => 0);
    const stacked = this.series.map((one) => one.points.map((value, i) => (below[i] += value)));
    return [starts.map((start) => start + step_seconds / 2), ...stacked.reverse()];
  }

  #make() {
    this.made?.destroy();
    this.legend.replaceChildren(...this.series.map(legendItem));
    const bars = uPlot.paths.bars({ size: [0.72, 40] });
    const axis = { stroke: () => colour("--muted"), font: FONT, ticks: { show: false } };
    this.made = new uPlot({
      width: this.plot.clientWidth,
      height: HEIGHT,
      padding: [10, 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { range: () => [this.frame.starts[0], this.frame.starts.at(-1) + this.frame.step_seconds] },
        y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] },
      },
      axes: [
        { ...axis, grid: { show: false }, space: 64, size: 26, values: (_, at) => this.#clocks(at) },
        {
          ...axis,
          ...(this.whole ? { incrs: WHOLE } : {}),
          grid: { stroke: () => colour("--line"), width: 1 },
          space: 36,
          size: (_, labels) => 14 + 6.5 * Math.max(1, ...(labels ?? []).map((text) => text.length)),
          values: (_, at) => this.ticks(at),
        },
      ],
      series: [{}, ...this.series.toReversed().map((one) => ({
        paths: bars,
        fill: () => colour(`--${one.colour}`),
        width: 0,
        points: { show: false },
      }))],
      hooks: { setCursor: [(made) => this.#read(made.cursor.idx)] },
    }, this.#data(), this.plot);
  }

  // Without one that the right edge would cut.
  #clocks(at) {
    const [first, end] = [this.frame.starts[0], this.frame.starts.at(-1) + this.frame.step_seconds];
    const last = end - (end - first) * (EDGE / this.plot.clientWidth);
    return at.map((seconds) => (seconds > last ? null : clock(seconds)));
  }

  #resize() {
    const width = this.plot.clientWidth;
    if (this.made && width && width !== this.made.width) this.made.setSize({ width, height: HEIGHT });
  }

  #read(index) {
    const start = this.frame.starts[index];
    setText(this.when, start === undefined ? this.frame.title : clock(start));
    this.series.forEach((one, i) => {
      setText(this.legend.children[i].lastChild, start === undefined ? one.sum : one.at(index));
    });
  }
}

function legendItem({ name, colour }) {
  const item = document.createElement("li");
  const value = document.createElement("span");
  value.className = "value";
  item.append(swatch(colour), name, " ", value);
  return item;
}
