"use strict";
// The run's data, colours from the style sheet, and figures that are drawn when they come into view.

const run = JSON.parse(document.getElementById("run-data").textContent);
const figures = new Map();
const drawn = new Set();

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const clear = (hex, alpha) => hex + Math.round(alpha * 255).toString(16).padStart(2, "0");

// Plotly reads tags and %{…} in text: names from the data must not be read so.
const plain = (text) =>
  String(text ?? "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/%\{/g, "%\u200b{");

const words = (name) => String(name ?? "").replace(/_/g, " ");

const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

const percent = (value, digits = 2) => (known(value) ? `${format(value, digits)}%` : "—");
const format = (value, digits = 2) => {
  if (!known(value)) return "—";
  const rounded = Number(value.toFixed(digits)) || 0; // never "-0.00"
  return rounded.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
};

// Money is exact: every decimal that it has, two at least; facts have six at most.
const micros = (value) => Number(value.toFixed(6)) || 0;

const usd = (value) => {
  if (!known(value)) return "—";
  const held = micros(value);
  const sign = held < 0 ? "-" : held > 0 ? "+" : "";
  return `${sign}$${Math.abs(held).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`;
};

// What ends at exactly nothing is neither.
const tone = (value) => (!known(value) || !micros(value) ? "" : value < 0 ? "loss" : "gain");

const price = (value) =>
  known(value) ? value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 4 }) : "—";

const span = (seconds) => {
  if (!known(seconds)) return "—";
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${String(s % 60).padStart(2, "0")}s`;
  return `${Math.floor(s / 3600)}h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")}m`;
};

const clock = (ms) => (known(ms) ? new Date(ms).toISOString().slice(11, 19) : "—");
const day = (ms) => (known(ms) ? new Date(ms).toISOString().slice(0, 10) : "—");

function axis(extra = {}) {
  return {
    gridcolor: colour("grid"), linecolor: colour("line"), zerolinecolor: colour("line"),
    tickfont: { color: colour("faint"), size: 11 }, automargin: true, ...extra,
    title: { font: { color: colour("soft"), size: 12 }, standoff: 8, ...(extra.title || {}) },
  };
}

function layout(extra = {}) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, color: colour("soft"), size: 12 },
    margin: { l: 56, r: 16, t: 12, b: 32 }, hovermode: "closest", showlegend: false, bargap: 0.18,
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") }, align: "left" },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { color: colour("soft") } },
    ...extra,
  };
}

function figure(id, build) {
  const place = document.getElementById(id);
  if (!place) return;
  figures.set(id, build);
  watcher.observe(place);
}

function draw(id) {
  const made = figures.get(id)();
  if (!made) return;
  Plotly.react(id, made.data, made.layout, {
    responsive: true, displayModeBar: false,
  });
  if (!drawn.has(id) && made.onclick) document.getElementById(id).on("plotly_click", made.onclick);
  drawn.add(id);
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    draw(entry.target.id);
  }
}, { rootMargin: "600px" });

function paint(theme) {
  document.documentElement.dataset.theme = theme;
  drawn.forEach(draw);
}

const darkness = window.matchMedia("(prefers-color-scheme: dark)");
const asked = new URLSearchParams(location.search).get("theme");
paint(asked ?? (darkness.matches ? "dark" : "light"));
darkness.addEventListener("change", (event) => paint(event.matches ? "dark" : "light"));
document.getElementById("theme").addEventListener("click", () =>
  paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
let shownTheme;
window.addEventListener("beforeprint", () => {
  shownTheme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light"; // paper is white
  document.body.classList.add("paper"); // and narrower than a screen: what is drawn does not shrink
  figures.forEach((_, id) => draw(id));
  drawn.forEach((id) => Plotly.Plots.resize(id));
});
window.addEventListener("afterprint", () => {
  document.body.classList.remove("paper");
  paint(shownTheme);
  drawn.forEach((id) => Plotly.Plots.resize(id));
});
