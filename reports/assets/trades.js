"use strict";
// One trade at a time: its chart, its facts, and the list to pick it from.

const MOST_ROWS = 500;
const trades = run.trades;
const gainPct = trades.realized_pnl.map((pnl, i) => (100 * pnl) / (trades.avg_px_open[i] * trades.quantity[i]));
const severalDays = new Set(trades.entry.map(day)).size > 1;

const accelerates = (i) => trades.strategy[i] === "acceleration";
const ownersDiffer = trades.strategy.some((_, i) => !accelerates(i));

const COLUMNS = [
  ["Entry", trades.entry, (ms) => (severalDays ? `${day(ms)} ` : "") + clock(ms)],
  ...(ownersDiffer ? [["Strategy", trades.strategy, String]] : []),
  ["Symbol", trades.symbol, String],
  ["Side", trades.side, (side) => (side > 0 ? "long" : "short")],
  ["Shares", trades.quantity, (n) => format(n, 0)],
  ["In", trades.avg_px_open, price],
  ["Out", trades.avg_px_close, price],
  ["P&L", trades.realized_pnl, usd],
  ["%", gainPct, (v) => format(v)],
  ["Hold", trades.hold_secs, span],
  ["Exit", trades.exit_reason, words],
  ["score", trades.score, (v) => format(v, 1)],
  ["MAE %", trades.mae_pct, (v) => format(v)],
  ["MFE %", trades.mfe_pct, (v) => format(v)],
  ["Slip bps", trades.slippage_bps, (v) => format(v, 1)],
];
const TEXT_COLUMNS = new Set(["Entry", "Strategy", "Symbol", "Side", "Exit"]);

let chosen = 0;
let order = trades.id.map((_, i) => i);
let sorting = { column: 0, up: true };

const made = (tag, text = "", className = "") => {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
};

function tradeFigure() {
  const packed = trades.chart[chosen];
  document.getElementById("trade-note").hidden = Boolean(packed);
  const marks = tradeMarks();
  const data = packed ? [...bucketTraces(packed), ...marks.data] : marks.data;
  const upper = { showgrid: false, showticklabels: false };
  return {
    data,
    layout: layout({
      hovermode: packed ? "x unified" : "closest", hoversubplots: "axis", margin: { l: 64, r: 64, t: 12, b: 32 }, bargap: 0,
      shapes: marks.shapes, annotations: marks.annotations,
      xaxis: axis({ type: "date", anchor: "y4", tickformat: "%H:%M", hoverformat: "%H:%M:%S", showgrid: false, title: {} }),
      yaxis: axis({ domain: [0.46, 1], tickformat: ",.2f", title: { text: "price" }, range: priceRange(packed) }),
      yaxis2: axis({ domain: [0.34, 0.43], title: { text: "volume" }, nticks: 3, tickformat: "~s", ...upper, showticklabels: true }),
      yaxis3: axis({ domain: [0.18, 0.31], title: { text: "ao" }, nticks: 3 }),
      yaxis4: axis({ domain: [0, 0.15], title: { text: "ac" }, nticks: 3 }),
    }),
  };
}

// Without it the bars would start at zero.
function priceRange(c) {
  const i = chosen;
  const marks = [trades.avg_px_open[i], trades.avg_px_close[i], trades.take_profit[i], trades.stop_loss[i]];
  const seen = c ? [...c.hi, ...c.lo, ...c.last].filter((v) => v !== null).map((v) => (c.p0 + v) / 1e4) : [];
  const levels = [...marks.filter(known), ...seen];
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const room = 0.04 * (high - low) || 0.01 * high;
  return [low - room, high + room];
}

function bucketTraces(c) {
  const x = c.t.map((t) => c.t0 + 1000 * t - 500 * c.width);
  const width = 1000 * c.width * 0.72;
  const level = (v) => (v === null ? null : (c.p0 + v) / 1e4);
  const steps = (wave) => wave.map((v, i) => (i && v < wave[i - 1] ? colour("loss") : colour("gain")));
  const histogram = (name, wave, y) => ({
    type: "bar", name, x, y: wave.map((v) => (v === null ? null : v * c.wave)), yaxis: y, width,
    marker: { color: steps(wave), line: { width: 0 } }, hovertemplate: `%{y:.4f}<extra>${name}</extra>`,
  });
  return [
    {
      type: "bar", name: "high–low", x, base: c.lo.map(level), width, hoverinfo: "skip",
      y: c.hi.map((hi, i) => (hi === null ? null : Math.max((hi - c.lo[i]) / 1e4, 0))),
      marker: { color: clear(colour("accent"), 0.55), line: { color: clear(colour("accent"), 0.55), width: 0.6 } },
    },
    {
      type: "scatter", mode: "lines", name: "last", x, y: c.last.map(level), line: { color: colour("ink"), width: 1.1 },
      customdata: c.hi.map((hi, i) => [price(level(c.lo[i])), price(level(hi))]),
      hovertemplate: "%{y:,.4~f} (%{customdata[0]}–%{customdata[1]})<extra>last (low–high)</extra>",
    },
    {
      type: "bar", name: "volume", x, y: c.vol, yaxis: "y2", width, marker: { color: colour("mute"), line: { width: 0 } },
      hovertemplate: "%{y:,}<extra>volume</extra>",
    },
    histogram("ao", c.ao, "y3"),
    histogram("ac", c.ac, "y4"),
  ];
}

function tradeMarks() {
  const i = chosen;
  const [from, to] = [trades.entry[i], trades.exit[i]];
  const result = tone(trades.realized_pnl[i]);
  const long = trades.side[i] > 0;
  const mark = (name, x, y, tint, symbol) => ({
    type: "scatter", mode: "markers", name, x: [x], y: [y], hovertemplate: `%{y:,.4~f}<extra>${name}</extra>`,
    marker: { color: colour(tint), size: 14, symbol, line: { color: colour("card"), width: 1.5 } }, cliponaxis: false,
  });
  const fills = trades.fills[i];
  const level = (y, tint) => ({
    type: "line", xref: "x", yref: "y", x0: from, x1: to, y0: y, y1: y, line: { color: colour(tint), width: 1.6, dash: "dash" },
  });
  const label = (y, text, tint) => ({
    x: 1, xref: "paper", xanchor: "left", y, yref: "y", text, showarrow: false, xshift: 4, font: { color: colour(tint), size: 11 },
  });
  const levels = [
    [trades.take_profit[i], "target", "gain"], [trades.stop_loss[i], "stop", "loss"],
  ].filter(([y]) => known(y));
  return {
    data: [
      {
        type: "scatter", mode: "markers", name: "fills", x: fills.map((f) => f.t), y: fills.map((f) => f.px),
        text: fills.map((f) => `${plain(words(f.role))} ${format(f.quantity, 0)} @ ${price(f.px)}`),
        marker: { color: colour("ink"), size: 5 }, hovertemplate: "%{text}<extra>fill</extra>",
      },
      mark("entry", from, trades.avg_px_open[i], "accent", long ? "triangle-up" : "triangle-down"),
      mark("exit", to, trades.avg_px_close[i], result || "mute", long ? "triangle-down" : "triangle-up"),
    ],
    shapes: [
      {
        type: "rect", xref: "x", yref: "paper", x0: from, x1: to, y0: 0, y1: 1, layer: "below",
        line: { width: 0 }, fillcolor: colour(`${result || "accent"}-tint`),
      },
      {
        type: "line", xref: "x", yref: "paper", x0: trades.candidate[i], x1: trades.candidate[i], y0: 0, y1: 1,
        line: { color: colour("warm"), width: 1, dash: "dot" },
      },
      ...levels.map(([y, , tint]) => level(y, tint)),
    ],
    annotations: [
      ...levels.map(([y, text, tint]) => label(y, text, tint)),
      {
        x: trades.candidate[i], y: 1, yref: "paper", yanchor: "top", xanchor: "right", xshift: -4, text: "decided",
        showarrow: false, font: { color: colour("warm"), size: 11 },
      },
    ],
  };
}

function showFacts() {
  const i = chosen;
  document.getElementById("trade-title").textContent =
    `${trades.symbol[i]} ${trades.side[i] > 0 ? "long" : "short"}, ${day(trades.entry[i])} ${clock(trades.entry[i])}`;
  const facts = [
    ...(ownersDiffer ? [["Strategy", trades.strategy[i]]] : []),
    ["P&L", `${usd(trades.realized_pnl[i])} (${percent(gainPct[i])})`, tone(trades.realized_pnl[i])],
    ["Exit", words(trades.exit_reason[i])],
    ["Shares", format(trades.quantity[i], 0)],
    ["In", `${price(trades.avg_px_open[i])} at ${clock(trades.entry[i])}`],
    ["Out", `${price(trades.avg_px_close[i])} at ${clock(trades.exit[i])}`],
    ["Held", span(trades.hold_secs[i])],
    ["Target", price(trades.take_profit[i])],
    ["Stop", price(trades.stop_loss[i])],
    ["MAE / MFE", `${percent(trades.mae_pct[i])} / ${percent(trades.mfe_pct[i])}`],
    ["Slippage", known(trades.slippage_bps[i]) ? `${format(trades.slippage_bps[i], 1)} bps` : "—"],
    ["Commission", known(trades.commission[i]) ? `$${format(trades.commission[i])}` : "—"],
    ["score", format(trades.score[i])],
    ["Confidence", format(trades.confidence[i])],
  ];
  document.getElementById("trade-facts").replaceChildren(
    ...facts.flatMap(([name, value, own = ""]) => [made("dt", name), made("dd", value, own)]));
  const signs = { pass: "✓", fail: "✗", unknown: "?", off: "–" };
  const checks = trades.checks[i].map((check) => {
    const item = made("li", "", check.outcome in signs ? check.outcome : "unknown");
    const value = known(check.value) ? `${format(check.value)} (${format(check.threshold)})` : check.outcome;
    item.append(made("b", signs[check.outcome] ?? "?"), made("span", words(check.name)), made("span", value, "faint"));
    item.title = check.basis ?? "";
    return item;
  });
  document.getElementById("trade-checks").replaceChildren(...(checks.length ? checks : [made("li", "—", "off")]));
  document.getElementById("trade-gates-title").textContent =
    accelerates(i) ? "Gates at the decision" : `Features of ${trades.strategy[i]} at the decision`;
  const bits = trades.passed[i];
  const features = trades.features[i];
  const gates = features !== null ? features.map(({ name, value, threshold, passed }) =>
      made("span", `${words(name)} ${format(value)} (${format(threshold)})`, passed ? "" : "missed"))
    : bits === null ? [made("span", "not recorded", "missed")]
    : run.gates.map((gate, bit) => made("span", words(gate), (bits >> bit) & 1 ? "" : "missed"));
  document.getElementById("trade-gates").replaceChildren(...gates);
}

function choose(row, scroll = true) {
  if (!known(row)) return;
  chosen = row;
  showFacts();
  if (drawn.has("fig-trade")) draw("fig-trade");
  for (const line of document.querySelectorAll("#trade-list tbody tr")) {
    line.classList.toggle("chosen", Number(line.dataset.row) === row);
  }
  if (scroll) document.getElementById("trades").scrollIntoView({ block: "start" });
}

function chooseCandidate(row) {
  const t = run.timeline;
  const from = t.t[row], to = from + 1000 * t.secs[row];
  const trade = trades.symbol.findIndex(
    (symbol, i) => symbol === t.symbol[row] && accelerates(i) && trades.candidate[i] >= from && trades.candidate[i] <= to);
  if (trade >= 0) choose(trade);
}

function step(by) {
  const at = order.indexOf(chosen);
  choose(order[Math.min(Math.max(at + by, 0), order.length - 1)], false);
}

function listTrades() {
  const wanted = document.getElementById("find").value.trim().toLowerCase();
  const [, values] = COLUMNS[sorting.column];
  order = trades.id.map((_, i) => i)
    .filter((i) => `${trades.strategy[i]} ${trades.symbol[i]} ${words(trades.exit_reason[i])}`.toLowerCase().includes(wanted))
    .sort((a, b) => {
      const [x, y] = sorting.up ? [values[a], values[b]] : [values[b], values[a]];
      return typeof x === "string" ? x.localeCompare(y) : (x ?? -Infinity) - (y ?? -Infinity);
    });
  const rows = order.slice(0, MOST_ROWS).map((i) => {
    const row = made("tr", "", i === chosen ? "chosen" : "");
    row.dataset.row = i;
    row.append(...COLUMNS.map(([name, column, write]) => {
      const own = name === "P&L" ? tone(column[i]) : "";
      return made("td", write(column[i]), `${TEXT_COLUMNS.has(name) ? "" : "n"} ${own}`);
    }));
    row.addEventListener("click", () => choose(i, false));
    return row;
  });
  document.querySelector("#trade-list tbody").replaceChildren(...rows);
  const heads = COLUMNS.map(([name], column) => {
    const on = column === sorting.column;
    const head = made("th", name + (on ? (sorting.up ? " ↑" : " ↓") : ""), `${TEXT_COLUMNS.has(name) ? "" : "n"} ${on ? "sorted" : ""}`);
    head.addEventListener("click", () => {
      sorting = { column, up: on ? !sorting.up : column < 2 };
      listTrades();
    });
    return head;
  });
  const line = made("tr");
  line.append(...heads);
  document.querySelector("#trade-list thead").replaceChildren(line);
  document.getElementById("shown").textContent =
    `${format(Math.min(order.length, MOST_ROWS), 0)} of ${format(trades.id.length, 0)} shown`;
}

if (trades.id.length) {
  document.getElementById("find").addEventListener("input", listTrades);
  document.getElementById("previous").addEventListener("click", () => step(-1));
  document.getElementById("next").addEventListener("click", () => step(1));
  document.addEventListener("keydown", (event) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  listTrades();
  showFacts();
  figure("fig-trade", tradeFigure);
}
