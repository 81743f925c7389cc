// Numbers over time: columns that stand on one another, or lines. What a pointer or the arrow keys
// are on stands in the legend; without one, the sums do. Dragging zooms.

/* global uPlot */
import { clock } from "./format.js";
import { setText, swatch } from "./text.js";

const HEIGHT = 200;
const EDGE = 22; // half the width of a time
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const WHOLE = [1, 2, 5].flatMap((n) => Array.from({ length: 10 }, (_, e) => n * 10 ** e)).sort((a, b) => a - b);
const LEAST_DRAG = 8; // pixels

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
  // ticks: texts of the numbers on the vertical axis; whole: numbers are counts; lines: no columns;
  // zoom(from, to): a time was dragged over
  constructor(section, { ticks, whole = false, lines = false, zoom }) {
    this.plot = section.querySelector(".plot");
    this.legend = section.querySelector(".legend");
    this.when = section.querySelector(".when");
    Object.assign(this, { ticks, whole, lines, zoom, made: null, shape: "" });
    new ResizeObserver(() => this.#resize()).observe(this.plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.made?.redraw());
    this.dragging = false; // new numbers would take the selection away
    this.plot.addEventListener("mousedown", () => { this.dragging = true; });
    addEventListener("mouseup", () => { this.dragging = false; });
    this.plot.addEventListener("keydown", (event) => this.#key(event));
    this.plot.addEventListener("blur", () => this.made?.setCursor({ left: -10, top: -10 }));
  }

  // series: [{name, colour: "s1", points: [number or null], at: (index) => text, sum: text}], bottom
  // first. frame: {starts, step, title}. A text in empty hides the plot.
  show(frame, series, summary, empty) {
    this.plot.setAttribute("aria-label", summary);
    this.plot.dataset.empty = empty;
    if (this.dragging) return;
    this.frame = frame;
    this.series = series;
    const shape = JSON.stringify([frame.step, frame.starts.length, series.map((one) => [one.name, one.colour])]);
    if (shape !== this.shape) {
      this.shape = shape;
      this.#make();
    } else {
      this.made.setData(this.#data());
    }
    this.#read(this.made.cursor.idx);
  }

  // Each column stands on those below it. Drawn from the top, so that lower ones cover the rest.
  #data() {
    const { starts, step } = this.frame;
    const middles = starts.map((start) => start + step / 2);
    if (this.lines) return [middles, ...this.series.map((one) => one.points)];
    const below = starts.map(() => 0);
    const stacked = this.series.map((one) => one.points.map((value, i) => (below[i] += value)));
    return [middles, ...stacked.reverse()];
  }

  #make() {
    this.made?.destroy();
    this.legend.replaceChildren(...this.series.map(legendItem));
    const axis = { stroke: () => colour("--muted"), font: FONT, ticks: { show: false } };
    this.made = new uPlot({
      width: this.plot.clientWidth,
      height: HEIGHT,
      padding: [10, 0, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG },
        points: { show: false },
        sync: { key: "time", setSeries: false },
      },
      scales: {
        x: { range: () => [this.frame.starts[0], this.frame.starts.at(-1) + this.frame.step] },
        y: { range: (_, low, high) => [0, high > 0 ? high * 1.05 : 1] },
      },
      axes: [
        { ...axis, grid: { show: false }, space: 72, size: 26, values: (_, at) => this.#clocks(at) },
        {
          ...axis,
          ...(this.whole ? { incrs: WHOLE } : {}),
          grid: { stroke: () => colour("--line"), width: 1 },
          space: 36,
          size: (_, labels) => 14 + 6.5 * Math.max(1, ...(labels ?? []).map((text) => text.length)),
          values: (_, at) => this.ticks(at),
        },
      ],
      series: [{}, ...(this.lines ? this.#asLines() : this.#asColumns())],
      hooks: {
        setCursor: [(made) => this.#read(made.cursor.idx)],
        setSelect: [(made) => this.#selected(made)],
      },
    }, this.#data(), this.plot);
  }

  #asColumns() {
    const bars = uPlot.paths.bars({ size: [0.78, 40], gap: 0 });
    const look = { paths: bars, width: 0, points: { show: false } };
    return this.series.toReversed().map((one) => ({ ...look, fill: () => colour(`--${one.colour}`) }));
  }

  #asLines() {
    return this.series.map((one) => ({
      stroke: () => colour(`--${one.colour}`),
      width: 1.75,
      spanGaps: true,
      points: { show: this.frame.starts.length <= 20, size: 5, fill: () => colour(`--${one.colour}`) },
    }));
  }

  #selected(made) {
    const { left, width } = made.select;
    if (width < LEAST_DRAG) return;
    made.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoom(made.posToVal(left, "x"), made.posToVal(left + width, "x"));
  }

  #key(event) {
    const last = this.frame ? this.frame.starts.length - 1 : -1;
    const now = this.made?.cursor.idx;
    const to = { ArrowLeft: (now ?? last + 1) - 1, ArrowRight: (now ?? -1) + 1, Home: 0, End: last }[event.key];
    if (to === undefined || to < 0 || to > last) return;
    event.preventDefault();
    this.made.setCursor({ left: this.made.valToPos(this.made.data[0][to], "x"), top: 1 });
  }

  // Without one that the right edge would cut.
  #clocks(at) {
    const [first, end] = [this.frame.starts[0], this.frame.starts.at(-1) + this.frame.step];
    const last = end - (end - first) * (EDGE / this.plot.clientWidth);
    return at.map((seconds) => (seconds > last ? null : clock(seconds, end - first)));
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
