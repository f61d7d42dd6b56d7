// Draws the tables that ask for it: an element with data-chart names its table in data-table. The table is the only source, so that both
// always say the same. Chart.js comes as a plain script before this module.
const FONT = '"Inter", ui-sans-serif, system-ui, sans-serif';
// Colours come with a shape or a dash, so that nothing is told by colour alone.
const SERIES = ["--ts-accent", "--ts-odd", "--ts-warn", "--ts-good", "--ts-bad", "--ts-ink-3"];
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3], [12, 4]];
const POINTS = ["circle", "rect", "triangle", "rectRot", "star", "crossRot"];
const KINDS = { errors: "lineWithErrorBars", forest: "lineWithErrorBars", lean: "barWithErrorBars", bars: "bar", stacked: "bar", lines: "line" };
const drawn = new Map();
const still = matchMedia("(prefers-reduced-motion: reduce)");

// A custom property holds light-dark(…); the browser says which half counts when it paints something with it.
function colour(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const number = (cell, name) => (name in cell.dataset ? Number(cell.dataset[name]) : null);

function read(table) {
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows];
  return {
    labels: rows.map((row) => row.cells[0].textContent.trim()),
    series: heads.flatMap((head, column) => ("series" in head.dataset
      ? [{ label: head.textContent.trim(), cells: rows.map((row) => row.cells[column]) }] : [])),
  };
}

function point(cell, along) {
  const value = number(cell, "value");
  return { [along]: value, [`${along}Min`]: number(cell, "low") ?? value, [`${along}Max`]: number(cell, "high") ?? value };
}

function dataset(kind, series, place) {
  const ink = colour(SERIES[place % SERIES.length]);
  const shared = { label: series.label, borderColor: ink, backgroundColor: ink };
  if (kind === "forest") {
    return { ...shared, data: series.cells.map((cell, row) => ({ ...point(cell, "x"), y: row })), showLine: false, pointRadius: 4,
      errorBarColor: ink, errorBarWhiskerColor: ink, errorBarLineWidth: 2, errorBarWhiskerLineWidth: 2, errorBarWhiskerSize: 8 };
  }
  if (kind === "lean") {
    return { ...shared, backgroundColor: colour("--ts-accent-soft"), data: series.cells.map((cell) => point(cell, "x")), maxBarThickness: 16, borderWidth: 1,
      errorBarColor: ink, errorBarWhiskerColor: ink, errorBarLineWidth: 2, errorBarWhiskerLineWidth: 2, errorBarWhiskerSize: 8 };
  }
  if (kind === "errors") {
    return { ...shared, data: series.cells.map((cell) => point(cell, "y")), showLine: false, pointRadius: 4, pointStyle: POINTS[place % POINTS.length],
      errorBarColor: ink, errorBarWhiskerColor: ink, errorBarLineWidth: 2, errorBarWhiskerLineWidth: 2, errorBarWhiskerSize: 14 };
  }
  const data = series.cells.map((cell) => number(cell, "value"));
  if (kind === "lines") {
    const there = data.filter((value) => value !== null).length; // a rare number is drawn from one to the next
    return { ...shared, data, borderWidth: 2, borderDash: DASHES[place % DASHES.length], pointRadius: there > 40 ? 0 : 2.5,
      pointStyle: POINTS[place % POINTS.length], tension: 0, spanGaps: true };
  }
  return { ...shared, data, maxBarThickness: 44, borderWidth: kind === "stacked" ? 1 : 0, borderColor: colour("--ts-surface") };
}

// What a tooltip says of a point is what its cell says.
function said(series, item) {
  return `${series[item.datasetIndex].label}: ${series[item.datasetIndex].cells[item.dataIndex].textContent.trim().replace(/\s+/g, " ")}`;
}

// A name of any length leaves room for the drawing.
const short = (name) => (name.length > 24 ? `${name.slice(0, 22)}…` : name);

function axis(kind, unit, ink, line) {
  const ticks = { color: ink, font: { family: FONT, size: 12 } };
  if (kind === "forest" || kind === "lean") {
    const level = kind === "lean" ? 50 : 0; // what nobody who leans to no side departs from
    const whole = kind === "lean" ? { min: 0, max: 100 } : {};
    return {
      x: { ...whole, position: "top", grid: { color: (tick) => (tick.tick.value === level ? ink : line) }, border: { display: false }, ticks: { ...ticks, maxTicksLimit: 7, ...(kind === "lean" ? { stepSize: 25 } : {}) } },
      y: { type: "category", offset: true, grid: { display: false }, border: { color: line },
        ticks: { ...ticks, autoSkip: false, callback(value) { return short(this.getLabelForValue(value)); } } },
    };
  }
  return {
    x: { stacked: kind === "stacked", offset: kind !== "lines", grid: { display: false }, border: { color: line },
      ticks: { ...ticks, maxRotation: 0, autoSkip: true, autoSkipPadding: 12 } },
    y: { stacked: kind === "stacked", beginAtZero: true, grid: { color: line }, border: { display: false },
      ticks: { ...ticks, maxTicksLimit: 7, callback: (value) => `${value.toLocaleString("en-GB", { maximumSignificantDigits: 4 })}${unit}` } },
  };
}

function options(kind, unit, series) {
  const ink = colour("--ts-ink-2");
  const line = colour("--ts-line");
  const lies = kind === "forest" || kind === "lean"; // rows below each other, as in the table
  return {
    responsive: true,
    maintainAspectRatio: false,
    indexAxis: lies ? "y" : "x",
    animation: still.matches || kind === "errors" || lies ? false : { duration: 250 },
    interaction: { mode: "index", intersect: false, axis: lies ? "y" : "x" },
    scales: axis(kind, unit, ink, line),
    plugins: {
      legend: { display: series.length > 1, position: "bottom", labels: { color: ink, usePointStyle: kind !== "stacked", boxWidth: 12, boxHeight: 7, padding: 14, font: { family: FONT, size: 12 } } },
      tooltip: { backgroundColor: colour("--ts-ink"), titleColor: colour("--ts-paper"), bodyColor: colour("--ts-paper"), boxPadding: 4,
        titleFont: { family: FONT }, bodyFont: { family: FONT }, callbacks: { label: (item) => said(series, item) } },
    },
  };
}

function draw(place) {
  const table = document.getElementById(place.dataset.table);
  const canvas = place.querySelector("canvas");
  if (!table || !canvas || !globalThis.Chart) return;
  drawn.get(place)?.destroy();
  const kind = place.dataset.chart;
  const { labels, series } = read(table);
  if (kind === "forest" || kind === "lean") place.style.height = `${labels.length * 1.75 + 4}rem`;
  drawn.set(place, new globalThis.Chart(canvas, {
    type: KINDS[kind],
    data: { labels, datasets: series.map((one, number) => dataset(kind, one, number)) },
    options: options(kind, place.dataset.unit || "", series),
  }));
}

function drawAll(root) {
  for (const place of root.querySelectorAll("[data-chart]")) draw(place);
}

function redraw() {
  for (const place of [...drawn.keys()]) {
    if (place.isConnected) draw(place);
    else forget(place);
  }
}

function forget(place) {
  drawn.get(place).destroy();
  drawn.delete(place);
}

document.addEventListener("htmx:afterSettle", () => {
  for (const place of [...drawn.keys()]) if (!place.isConnected) forget(place);
  for (const place of document.querySelectorAll("[data-chart]")) if (!drawn.has(place)) draw(place);
});
new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
matchMedia("(prefers-contrast: more)").addEventListener("change", redraw);
drawAll(document);
