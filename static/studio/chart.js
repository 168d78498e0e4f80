// The big chart of the insights: revenue as bars, views and clicks as lines of different dash, all from zero.
"use strict";

(() => {
  const place = document.getElementById("chart");
  const source = document.getElementById("chart-data");
  if (!place || !source || typeof uPlot === "undefined") return;
  const data = JSON.parse(source.textContent);
  // A canvas can't follow colours made by light-dark(): a probe element resolves each name for the theme in force.
  const colour = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    place.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const fromZero = (_, least, most) => [0, Math.max(1, most * 1.1)];
  const whole = (values) => values.map((value) => (Number.isInteger(value) ? value.toLocaleString("en").replaceAll(",", "\u202f") : ""));
  const HALF_DAY = 43200;
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const dayName = (at) => { const day = new Date(at * 1000); return `${day.getUTCDate()} ${months[day.getUTCMonth()]}`; };
  let chart = null;

  function draw() {
    chart?.destroy();
    const [text, line, accent, warm, calm] = ["--text-2", "--line", "--accent", "--star", "--ok"].map(colour);
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px system-ui" };
    chart = new uPlot({
      width: place.clientWidth, height: 300,
      cursor: { points: { size: 7 } },
      legend: { live: true },
      // Half a day on either side, so that the first and the last bar are whole.
      scales: { x: { time: true, range: (_, first, last) => [first - HALF_DAY, last + HALF_DAY] }, count: { range: fromZero }, money: { range: fromZero } },
      axes: [
        { ...axis, grid: { show: false }, space: 70, values: (_, values) => values.map(dayName), incrs: [1, 2, 3, 7, 14, 28, 56].map((days) => days * 86400) },
        { ...axis, scale: "count", values: (_, values) => whole(values), size: 52 },
        { ...axis, scale: "money", side: 1, grid: { show: false }, size: 64, values: (_, values) => whole(values) },
      ],
      series: [
        { label: "Day", value: (_, at) => (at === null ? "–" : dayName(at)) },
        { label: `Revenue (${data.currency}, right)`, scale: "money", stroke: accent, fill: accent.replace("rgb(", "rgba(").replace(")", ", .25)"), width: 1, paths: uPlot.paths.bars({ size: [0.6, 40] }), points: { show: false } },
        { label: "Views (left)", scale: "count", stroke: calm, width: 2, points: { show: data.days.length < 40 } },
        { label: "Clicks (left)", scale: "count", stroke: warm, width: 2, dash: [6, 4], points: { show: false } },
      ],
      tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
    }, [data.days, data.revenue, data.views, data.clicks], place);
  }

  draw();
  let width = place.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(place.clientWidth - width) < 2) return;
    width = place.clientWidth;
    chart.setSize({ width, height: 300 });
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
