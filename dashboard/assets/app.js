// What pages do beside links and forms: charts, live figures, keys, light and dark.
"use strict";

const plotStyle = document.currentScript.dataset.plotStyle;

// ---- charts ----

const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6", "--line-7"];
const HEIGHT = 260;

function shorten(number, language) {
  const locale = language === "ru" ? "ru-RU" : "en-GB";
  return new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 }).format(number);
}

// A colour on another one, both as #rrggbb: what is painted over must not show through.
function mix(colour, ground) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [one, two] = [parts(colour), parts(ground)];
  return `rgb(${one.map((part, index) => Math.round(part * 0.42 + two[index] * 0.58)).join(" ")})`;
}

class Chart extends HTMLElement {
  static observedAttributes = ["data-chart"];

  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open" });
      const style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = plotStyle;
      const own = new CSSStyleSheet();
      own.replaceSync(
        ":host{display:block} .u-legend{font-size:.8125rem;text-align:left} .u-legend .u-value{min-width:5em;display:inline-block}" +
          " .u-legend .u-series:first-child th{display:none} .u-legend .u-marker{border-radius:2px}"
      );
      this.shadowRoot.adoptedStyleSheets = [own];
      this.field = document.createElement("div");
      this.shadowRoot.append(style, this.field);
    }
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(this);
    this.draw();
  }

  disconnectedCallback() {
    this.watcher?.disconnect();
    this.plot?.destroy();
    this.plot = null;
  }

  attributeChangedCallback() {
    if (this.plot) this.draw();
  }

  fit() {
    const width = this.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  draw() {
    const chart = JSON.parse(this.dataset.chart);
    const style = getComputedStyle(this);
    const colour = (name) => style.getPropertyValue(name).trim();
    // Areas stand on each other, the first on top: each line is drawn at the sum
    // of its own figures and those after it, and the next is painted over it.
    const sums = [];
    for (let index = chart.lines.length - 1; index >= 0; index--) {
      const below = chart.stacked ? sums[index + 1] : null;
      sums[index] = chart.lines[index].values.map((value, place) => value + (below ? below[place] : 0));
    }
    const shape = chart.lines.map((line) => line.name).join("\n") + style.color + chart.zone + chart.unit;
    const data = [chart.at, ...sums];
    this.chart = chart;
    if (this.plot && this.shape === shape) {
      this.plot.setData(data);
      return;
    }
    this.shape = shape;
    this.plot?.destroy();
    const amount = (number) => shorten(number, chart.language) + (chart.unit ? "\u202f" + chart.unit : "");
    const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
    const card = colour("--card");
    const series = chart.lines.map((line, index) => ({
      label: line.name,
      stroke: colour(COLOURS[index % COLOURS.length]),
      fill: mix(colour(COLOURS[index % COLOURS.length]), card),
      width: 1.5,
      points: { show: false },
      // Of the moment that is pointed at, or else of all.
      value: (_, __, ___, place) => amount(place == null ? sum(this.chart.lines[index].values) : this.chart.lines[index].values[place]),
    }));
    const locale = chart.language === "ru" ? "ru-RU" : "en-GB";
    const moment = new Intl.DateTimeFormat(locale, {
      timeZone: chart.zone, day: "numeric", month: "short", ...(chart.hourly ? { hour: "2-digit", minute: "2-digit" } : {}),
    });
    const tick = new Intl.DateTimeFormat(locale, {
      timeZone: chart.zone, ...(chart.hourly ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" }),
    });
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    this.plot = new uPlot(
      {
        width: this.clientWidth || 600,
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), chart.zone),
        cursor: { y: false, drag: { x: false, y: false } },
        legend: { show: chart.lines.length > 0 },
        series: [{ value: (_, seconds) => (seconds == null ? chart.total : moment.format(seconds * 1000)) }, ...series],
        scales: { x: { time: true }, y: { range: (_, least, most) => [Math.min(0, least ?? 0), most > 0 ? most * 1.05 : 1] } },
        axes: [
          { ...axis, space: 70, size: 32, values: (_, splits) => splits.map((seconds) => tick.format(seconds * 1000)) },
          { ...axis, size: 62, values: (_, splits) => splits.map((number) => shorten(number, chart.language)) },
        ],
        hooks: { drawClear: [(plot) => this.shade(plot, colour("--shade"))] },
      },
      data,
      this.field
    );
  }

  // What has not matured is shaded.
  shade(plot, colour) {
    const from = this.chart.maturedUntil;
    if (from == null) return;
    const { left, top, width, height } = plot.bbox;
    const start = Math.max(left, plot.valToPos(from, "x", true));
    if (start >= left + width) return;
    plot.ctx.save();
    plot.ctx.fillStyle = colour;
    plot.ctx.fillRect(start, top, left + width - start, height);
    plot.ctx.restore();
  }
}
customElements.define("tl-chart", Chart);

// ---- live figures ----

let events = null;
let address = null;
let isOpenAgain = null;

function listen() {
  const whole = document.getElementById("whole");
  const wanted = whole?.dataset.events;
  if (!wanted || document.hidden || (events && wanted === address)) return;
  events?.close();
  address = wanted;
  events = new EventSource(address);
  events.addEventListener("figures", () => refresh());
  events.addEventListener("stamp", (event) => {
    const stamp = document.getElementById("stamp");
    if (stamp) stamp.textContent = event.data;
  });
  events.onerror = () => {
    // Browsers give up on answers that are no stream: come back by ourselves.
    if (events.readyState !== EventSource.CLOSED) return;
    events = null;
    clearTimeout(isOpenAgain);
    isOpenAgain = setTimeout(listen, 3000);
  };
}

// Nobody's typing, reading of a note or choice is disturbed.
function isBusy() {
  const active = document.activeElement;
  return document.querySelector(":popover-open") || (active && active.matches("input, select"));
}

let isWanted = false;
let isUnderWay = false;

function refresh() {
  isWanted = true;
  if (isUnderWay || isBusy() || document.hidden) return;
  isWanted = false;
  isUnderWay = true;
  htmx.trigger("#whole", "figures");
}

function done() {
  isUnderWay = false;
  if (isWanted) setTimeout(refresh, 250);
}
document.addEventListener("htmx:finally:request", done);
document.addEventListener("htmx:after:swap", listen);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    events?.close();
    events = null;
    return;
  }
  listen();
  refresh();
});
document.addEventListener("focusout", () => setTimeout(() => isWanted && refresh(), 0));
document.addEventListener("toggle", () => setTimeout(() => isWanted && refresh(), 0), true);

// ---- choices ----

document.addEventListener("change", (event) => {
  const form = event.target.closest("#controls");
  if (!form || !event.target.matches("select")) return;
  const own = document.getElementById("own");
  if (event.target.name === "period" && event.target.value === "own") {
    own.hidden = false;
    own.querySelector("input").focus();
    return;
  }
  form.requestSubmit();
});

// ---- keys ----

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("#controls select, .find input")?.focus();
  } else if (event.key === "t") {
    document.getElementById("theme")?.click();
  } else {
    document.querySelector(`.menu a[data-key="${CSS.escape(event.key)}"]`)?.click();
  }
});

// ---- the menu ----

// Where it does not fit, it is scrolled to the page that one is on.
{
  const here = document.querySelector(".menu [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - (here.parentElement.clientWidth - here.offsetWidth) / 2;
}

// ---- light and dark ----

document.addEventListener("click", (event) => {
  if (!event.target.closest("#theme")) return;
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (isDark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
  document.querySelectorAll("tl-chart").forEach((chart) => chart.draw());
});

listen();
