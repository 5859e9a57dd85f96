"use strict";
// The figures of the whole run.

const SESSION = [9.5 * 3600e3, 16 * 3600e3];

// The first and last instant of each day of the equity curve.
const spans = Object.values(run.equity.t.reduce((days, t) => {
  const [from] = days[day(t)] ?? [t];
  return { ...days, [day(t)]: [from, t] };
}, {}));
const manyDays = spans.length > 1;

// Nights, weekends and days that the run leaves out take no room.
const breaks = spans.slice(1).map(([from], i) => ({ bounds: [spans[i][1], from].map((t) => new Date(t).toISOString()) }));

const shortDay = (ms) => new Date(ms).toLocaleDateString("en-US", { month: "short", day: "numeric", timeZone: "UTC" });

function dayAxis() {
  if (!manyDays) return { tickformat: "%H:%M", hoverformat: "%H:%M:%S" };
  const shown = spans.filter((_, i) => i % Math.ceil(spans.length / 12) === 0);
  return {
    rangebreaks: breaks, hoverformat: "%b %-d, %H:%M:%S", showgrid: true,
    tickvals: shown.map(([from]) => from), ticktext: shown.map(([from]) => shortDay(from)),
  };
}

const tones = (values) => values.map((v) => colour(tone(v) || "mute"));

const clockAxis = () =>
  axis({ type: "date", range: SESSION, tickformat: "%H:%M", hoverformat: "%H:%M:%S", showgrid: false });

function rule(axes, at, tint, dash = "dot") {
  const along = axes.includes("x")
    ? { x0: at, x1: at, xref: "x", y0: 0, y1: 1, yref: "paper" }
    : { y0: at, y1: at, yref: "y", x0: 0, x1: 1, xref: "paper" };
  return { type: "line", line: { color: colour(tint), width: 1.5, dash }, ...along };
}

figure("fig-equity", () => {
  const e = run.equity;
  const line = (y, tint, extra) => ({
    type: "scatter", mode: "lines", x: e.t, y, line: { color: colour(tint), width: 1.8, shape: "hv" }, ...extra,
  });
  const base = e.start ?? e.equity[0];
  return {
    data: [
      line(e.t.map(() => base), "mute", { line: { color: colour("mute"), width: 1, dash: "dot" }, hoverinfo: "skip" }),
      line(e.equity, "accent", {
        fill: "tonexty", fillcolor: clear(colour("accent"), 0.1), hovertemplate: "%{y:$,.2f}<extra>equity</extra>",
      }),
      line(e.drawdown_pct, "loss", {
        yaxis: "y2", fill: "tozeroy", fillcolor: clear(colour("loss"), 0.12), hovertemplate: "%{y:.2f}%<extra>drawdown</extra>",
      }),
    ],
    layout: layout({
      hovermode: "x unified", hoversubplots: "axis", margin: { l: 76, r: 16, t: 8, b: 32 },
      xaxis: axis({ type: "date", anchor: "y2", showgrid: false, ...dayAxis() }),
      yaxis: axis({ domain: [0.34, 1], tickformat: "$,.0f", title: { text: "equity" } }),
      yaxis2: axis({ domain: [0, 0.26], ticksuffix: "%", title: { text: "drawdown" }, rangemode: "tozero", nticks: 4 }),
    }),
  };
});

if (run.days.length > 1) {
  document.getElementById("fig-days").hidden = false;
  figure("fig-days", () => {
    const named = run.days.map((part) => ({ ...part, name: shortDay(Date.parse(part.name)) }));
    return bars(named, "P&L by day", { type: "category", nticks: 12 }, run.days.length <= 12);
  });
}

function bars(slices, name, x = { type: "category" }, labelled = false) {
  const pnl = slices.map((s) => s.net_pnl);
  const about = slices.map((s) => (s.trades ? `${s.trades} trades, ${percent(100 * s.win_rate, 0)} won` : "no trades"));
  return {
    data: [{
      type: "bar", x: slices.map((s) => plain(s.name)), y: pnl, marker: { color: tones(pnl) },
      text: pnl.map(usd), textposition: labelled ? "outside" : "none", cliponaxis: false, customdata: about,
      hovertemplate: `%{x}<br>%{text}<br>%{customdata}<extra>${name}</extra>`,
    }],
    layout: layout({
      margin: { l: 64, r: 8, t: 8, b: 28 }, bargap: 0.35,
      xaxis: axis({ showgrid: false, ...x }),
      yaxis: axis({ tickformat: "$,.0f", nticks: 5 }),
    }),
  };
}

figure("fig-half-hours", () => bars(run.half_hours, "entered"));

figure("fig-symbols", () => {
  const ends = 12;
  const shown = run.symbols.length > 2 * ends ? [...run.symbols.slice(0, ends), ...run.symbols.slice(-ends)] : run.symbols;
  document.getElementById("symbols-note").textContent =
    shown.length < run.symbols.length ? `the ${ends} best and ${ends} worst of ${run.symbols.length}` : "";
  return bars(shown, "symbol");
});

figure("fig-excursions", () => {
  const t = run.trades;
  const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const away = (level) => middle(t[level].map((v, i) => 100 * Math.abs(v / t.avg_px_open[i] - 1)).filter(known));
  const group = (name, tint, symbol, wanted) => {
    const rows = t.id.map((_, i) => i).filter((i) => wanted(t.realized_pnl[i]));
    return {
      type: "scatter", mode: "markers", name, customdata: rows,
      x: rows.map((i) => (known(t.mae_pct[i]) ? Math.abs(t.mae_pct[i]) : null)), y: rows.map((i) => t.mfe_pct[i]),
      text: rows.map((i) => `<b>${plain(t.symbol[i])}</b> ${usd(t.realized_pnl[i])}<br>${words(plain(t.exit_reason[i]))}`),
      marker: { color: clear(colour(tint), 0.75), size: 9, symbol, line: { color: colour("card"), width: 1 } },
      hovertemplate: "%{text}<br>against %{x:.2f}%, for %{y:.2f}%<extra></extra>",
    };
  };
  const stop = away("stop_loss"), target = away("take_profit");
  const label = (text, at) => ({ text, showarrow: false, font: { size: 11, color: colour("faint") }, ...at });
  return {
    data: [
      group("won", "gain", "circle", (p) => tone(p) === "gain"),
      group("lost", "loss", "diamond", (p) => tone(p) === "loss"),
      ...(t.realized_pnl.some((p) => !tone(p)) ? [group("even", "mute", "square", (p) => !tone(p))] : []),
    ],
    layout: layout({
      showlegend: true, margin: { l: 56, r: 16, t: 30, b: 44 },
      shapes: [rule("x", stop, "loss"), rule("y", target, "gain")],
      annotations: [
        label("stop", { x: stop, y: 0, yref: "paper", xanchor: "right", yanchor: "bottom", xshift: -4 }),
        label("target", { y: target, x: 1, xref: "paper", xanchor: "right", yanchor: "bottom" }),
      ],
      xaxis: axis({ ticksuffix: "%", rangemode: "tozero", title: { text: "against us (MAE)" } }),
      yaxis: axis({ ticksuffix: "%", rangemode: "tozero", title: { text: "for us (MFE)" } }),
    }),
    onclick: (event) => choose(event.points[0].customdata),
  };
});

figure("fig-noise", () => {
  const n = run.noise;
  const middles = n.edges.slice(0, -1).map((edge, i) => (edge + n.edges[i + 1]) / 2);
  const beyond = (x) => n.threshold !== null && x >= n.threshold;
  const data = [{
    type: "bar", name: n.expected ? "found" : "qualified candidates", x: middles, y: n.observed,
    marker: { color: middles.map((x) => (beyond(x) ? colour("accent") : colour("mute"))) },
    hovertemplate: "ac_z %{x:.2f}: %{y:,}<extra></extra>",
  }];
  if (n.expected) {
    data.push({
      type: "scatter", mode: "lines", name: "noise alone", x: middles, y: n.expected.map((v) => (v > 0.05 ? v : null)),
      line: { color: colour("warm"), width: 2, shape: "spline" }, hovertemplate: "noise: %{y:,.2g}<extra></extra>",
    });
  }
  const most = Math.max(...n.observed, ...(n.expected ?? [0]), 10);
  return {
    data,
    layout: layout({
      showlegend: true, bargap: 0.06, margin: { l: 56, r: 16, t: 30, b: 44 },
      shapes: n.threshold === null ? [] : [rule("x", n.threshold, "ink", "dash")],
      annotations: n.threshold === null ? [] : [{
        x: n.threshold, y: 1, yref: "paper", text: `min_ac_z ${n.threshold}`, showarrow: false, xanchor: "left",
        yanchor: "top", xshift: 6, font: { color: colour("ink"), size: 12 },
      }],
      xaxis: axis({ title: { text: "ac_z on the candidate's side" }, showgrid: false }),
      yaxis: axis({ type: "log", range: [Math.log10(0.5), Math.log10(most * 2)], title: { text: "symbol-buckets" }, dtick: 1, tickformat: "~s" }),
    }),
  };
});

figure("fig-timeline", () => {
  const t = run.timeline;
  if (t.total > t.peak.length) {
    document.getElementById("timeline-note").append(` The ${format(t.peak.length, 0)} strongest of ${format(t.total, 0)} are drawn.`);
  }
  const looks = [
    ["not judged", "mute", "circle-open"], ["refused", "faint", "circle"],
    ["approved, not traded", "warm", "circle"], ["traded", "gain", "star"],
  ];
  const data = looks.flatMap(([fate, tint, symbol]) => {
    const rows = t.fate.map((_, i) => i).filter((i) => t.fate[i] === fate);
    if (!rows.length) return [];
    const bright = fate === "traded";
    return [
      {
        type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, legendgroup: fate, connectgaps: false,
        x: rows.flatMap((i) => [t.clock[i], t.clock[i] + 1000 * t.secs[i], null]),
        y: rows.flatMap((i) => [t.peak[i], t.peak[i], null]),
        line: { color: clear(colour(tint), bright ? 0.9 : 0.45), width: bright ? 3 : 2 },
      },
      {
        type: "scatter", mode: "markers", name: fate, legendgroup: fate, customdata: rows,
        x: rows.map((i) => t.clock[i]), y: rows.map((i) => t.peak[i]),
        text: rows.map((i) => `<b>${plain(t.symbol[i])}</b> ${t.side[i] > 0 ? "long" : "short"}, ${fate}` +
          `<br>${day(t.t[i])} ${clock(t.t[i])}, lived ${span(t.secs[i])}<br>${words(plain(t.why[i]))}`),
        marker: { color: colour(tint), size: bright ? 13 : 6, symbol, line: { color: colour("card"), width: bright ? 1 : 0 } },
        hovertemplate: "%{text}<br>peak ac_z %{y:.2f}<extra></extra>",
      },
    ];
  });
  const tilt = run.breadth.tilt;
  const half = (keep, tint) => ({
    type: "scatter", mode: "lines", x: run.breadth.clock, y: tilt.map(keep), yaxis: "y2", showlegend: false, hoverinfo: "skip",
    line: { width: 0 }, fill: "tozeroy", fillcolor: clear(colour(tint), 0.4),
  });
  if (tilt.length) {
    data.push(half((v) => Math.max(v, 0), "gain"), half((v) => Math.min(v, 0), "loss"), {
      type: "scatter", mode: "lines", x: run.breadth.clock, y: tilt, yaxis: "y2", showlegend: false,
      line: { color: colour("soft"), width: 1 }, hovertemplate: "%{x|%H:%M} breadth %{y:.0%}<extra></extra>",
    });
  }
  return {
    data,
    layout: layout({
      showlegend: true, margin: { l: 60, r: 16, t: 30, b: 32 },
      xaxis: { ...clockAxis(), anchor: tilt.length ? "y2" : "y" },
      yaxis: axis({ domain: [tilt.length ? 0.3 : 0, 1], title: { text: "peak ac_z" } }),
      yaxis2: axis({ domain: [0, 0.22], title: { text: "breadth" }, tickformat: ".0%", nticks: 3 }),
    }),
    onclick: (event) => chooseCandidate(event.points[0].customdata),
  };
});
