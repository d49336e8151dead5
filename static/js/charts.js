// Draws what stands in #chart-data (hits.views.charts) with Chart.js, in the page's colours. Each canvas names its part:
// <canvas data-chart="took">. The table below each picture says the same, so a page without this script lacks nothing.

const source = document.getElementById("chart-data");
const parts = source ? JSON.parse(source.textContent) : {};
const drawn = new Map();

function colour(name) {
  // light-dark() is resolved by the browser only where it is used as a colour.
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.className = "chart-probe";
  document.body.append(probe);
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
const hour = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function words(part) {
  if (part.kind !== "time") return part.labels;
  return part.labels.map((moment) => (part.by_day ? day : hour).format(new Date(moment)));
}

function short(text) {
  return text.length > 28 ? `${text.slice(0, 27)}…` : text;
}

function options(part, ink, line) {
  const across = part.kind === "bar";
  const grid = { color: line, drawTicks: false };
  const counts = { beginAtZero: true, grid, border: { display: false }, ticks: { color: ink, precision: 0, maxTicksLimit: 6 } };
  const names = { grid: { display: false }, border: { color: line }, ticks: { color: ink, autoSkip: !across, maxRotation: 0 } };
  if (across) names.ticks.callback = function name(value) { return short(this.getLabelForValue(value)); };
  return {
    indexAxis: across ? "y" : "x",
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    plugins: {
      legend: { display: false },
      tooltip: { displayColors: false, callbacks: { label: (item) => `${item.parsed[across ? "x" : "y"]} ${part.noun}` } },
    },
    scales: across ? { x: counts, y: names } : { x: names, y: counts },
  };
}

function draw(canvas) {
  const part = parts[canvas.dataset.chart];
  if (!part || !window.Chart) return;
  drawn.get(canvas)?.destroy();
  const bar = colour("--chart-bar"), ink = colour("--ink-2"), line = colour("--line");
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  drawn.set(canvas, new window.Chart(canvas, {
    type: "bar",
    data: {
      labels: words(part),
      datasets: [{
        data: part.counts,
        backgroundColor: bar,
        hoverBackgroundColor: colour("--ink"),
        borderRadius: 2,
        maxBarThickness: part.kind === "bar" ? 22 : undefined,
        categoryPercentage: part.kind === "bar" ? 0.8 : 1,
        barPercentage: part.kind === "bar" ? 1 : 0.94,
      }],
    },
    options: options(part, ink, line),
  }));
}

function drawAll() {
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) draw(canvas);
}

drawAll();
new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
