// Draws {times: [seconds], series: [{label, values}]} with axes, a legend below and a tip under the pointer.
// Of what is `running` the last time is not over: it is dashed, so that nobody takes half a week for a fall.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

// As the pages write times: the day before the month, and hours up to 24.
const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
const number = new Intl.NumberFormat(language);
// What is drawn is counted: half a person would be a strange tick.
const wholeSteps = [...Array(12).keys()].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));
const short = new Intl.NumberFormat(language, { notation: "compact" });

export function drawTimeSeries(element, { times, series, zone, unit, running }) {
  const over = running ? series.map(({ values }) => [...values.slice(0, -1), null]) : series.map(({ values }) => values);
  const soFar = running ? series.map(({ values }) => values.map((value, index) => (index < values.length - 2 ? null : value))) : [];
  const data = [times, ...over, ...soFar];
  const day = new Intl.DateTimeFormat(language, {
    dateStyle: "medium",
    ...(unit === "hour" ? { timeStyle: "short" } : {}),
    timeZone: zone,
  });
  let plot;

  const draw = () => {
    plot?.destroy();
    plot = new uPlot(options(element, { times, series, zone, unit, day, running }), data, element);
  };
  draw();

  new ResizeObserver(() => plot.setSize(size(element))).observe(element);
  // A canvas keeps the colours it was drawn with.
  document.addEventListener("themechange", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function options(element, { times, series, zone, unit, day, running }) {
  const colour = (name) => resolve(element, `--${name}`);
  const nameTicks = tickNames(zone, unit);
  const axis = {
    stroke: colour("ink-3"),
    font: "12px 'Inter Variable', system-ui, sans-serif",
    grid: { stroke: colour("line-soft"), width: 1 },
    ticks: { show: false },
  };
  const lines = series.map((one, index) => {
    const stroke = colour(`series-${index + 1}`);
    return {
      label: one.label,
      stroke,
      width: 1.75,
      fill: index === 0 ? translucent(stroke) : undefined,
      points: { show: one.values.length < 2 },
    };
  });
  return {
    ...size(element),
    // To the right for half the name of a tick at the very end.
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    tzDate: zone ? (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone) : undefined,
    axes: [
      { ...axis, grid: { show: false }, space: 72, size: unit === "hour" ? 44 : 28, values: (_, ticks) => nameTicks(ticks) },
      { ...axis, size: 48, space: 36, incrs: wholeSteps, values: (_, ticks) => ticks.map((tick) => short.format(tick)) },
    ],
    scales: { y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.08 : 1] } },
    series: [{}, ...lines, ...(running ? lines.map(dashed) : [])],
    plugins: [tip({ times, series, unit, day, running })],
  };
}

function dashed(line) {
  return { ...line, dash: [4, 4], fill: undefined };
}

function tickNames(zone, unit) {
  const day = new Intl.DateTimeFormat(language, { month: "short", day: "numeric", timeZone: zone });
  if (unit !== "hour") return (ticks) => ticks.map((seconds) => day.format(seconds * 1000));
  const hour = new Intl.DateTimeFormat(language, { timeStyle: "short", timeZone: zone });
  // Below the first hour of each day stands which one it is.
  return (ticks) => {
    const days = ticks.map((seconds) => day.format(seconds * 1000));
    return ticks.map((seconds, index) => hour.format(seconds * 1000) + (days[index] === days[index - 1] ? "" : `\n${days[index]}`));
  };
}

function size(element) {
  return { width: element.clientWidth, height: Math.max(element.clientHeight, 160) };
}

function resolve(element, variable) {
  const probe = document.createElement("span");
  probe.style.color = `var(${variable})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function translucent(colour) {
  return `color-mix(in oklab, ${colour} 10%, transparent)`;
}

function tip({ times, series, unit, day, running }) {
  const name = (idx) =>
    (unit === "week" ? "Week from " : "") + day.format(times[idx] * 1000) + (running && idx === times.length - 1 ? ", so far" : "");
  let box;
  return {
    hooks: {
      init: (plot) => {
        box = document.createElement("div");
        box.className = "chart-tip";
        box.hidden = true;
        plot.over.append(box);
      },
      setCursor: (plot) => {
        const { idx, left } = plot.cursor;
        box.hidden = idx == null || left < 0;
        if (box.hidden) return;
        box.replaceChildren(name(idx), ...series.flatMap((one) => line(one, idx)));
        const room = plot.over.clientWidth - box.offsetWidth;
        box.style.transform = `translate(${Math.max(0, Math.min(left + 12, room))}px, 4px)`;
      },
    },
  };
}

function line(one, idx) {
  const value = document.createElement("strong");
  value.textContent = number.format(one.values[idx] ?? 0);
  return [document.createElement("br"), value, ` ${one.label}`];
}
