"""A run in a few words: its key numbers, and why it did not trade."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from engine.decision.confidence import Filter
from engine.domain.counted import counted
from reports import wording
from reports.view import Metrics, RunView

_KINDS = {
    "pruned": "Backtest",
    "full": "Backtest",
    "session": "Session",
    "live": "Live day",
}
"""By the engine of the manifest."""


class Tone(StrEnum):
    """How a number should feel."""

    GAIN = "gain"
    LOSS = "loss"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class KeyNumber:
    """One figure of merit, worded; ``meaning`` says in a phrase what it measures."""

    label: str
    text: str
    tone: Tone
    meaning: str


def key_numbers(metrics: Metrics) -> list[KeyNumber]:
    """Return the figures of merit of a run, the most asked-for first; unknown ones are a dash."""
    m = metrics.get
    pnl, expectancy, factor = m("net_pnl"), m("expectancy"), m("profit_factor")
    fall = m("max_drawdown_pct")
    hold, mae, mfe = m("avg_hold_secs"), m("mae_pct"), m("mfe_pct")
    per_trade = m("trade_sharpe")
    sharpe = "annualised" + (
        f"; {wording.number(per_trade)} a trade" if wording.known(per_trade) else ""
    )
    excursion = f"{wording.percent(mae)} / {wording.percent(mfe)}"
    return [
        KeyNumber("Net P&L", wording.usd(pnl, signed=True), _tone(pnl), "after commission"),
        KeyNumber(
            "Return",
            wording.percent(m("return_pct"), signed=True),
            _tone(m("return_pct")),
            "of the starting balance",
        ),
        KeyNumber("Trades", wording.count(m("trades")), Tone.PLAIN, "closed"),
        KeyNumber("Win rate", wording.share(m("win_rate")), Tone.PLAIN, "trades above zero"),
        KeyNumber(
            "Expectancy",
            wording.mean_usd(expectancy, signed=True),
            _tone(expectancy),
            "a trade, on average",
        ),
        KeyNumber(
            "Profit factor",
            wording.number(factor),
            _tone(None if factor is None else factor - 1),
            "gross gain over gross loss",
        ),
        KeyNumber("Sharpe", wording.number(m("sharpe")), _tone(m("sharpe")), sharpe),
        KeyNumber(
            "Sortino",
            wording.number(m("sortino")),
            _tone(m("sortino")),
            "annualised, downside only",
        ),
        KeyNumber(
            "Max drawdown",
            wording.usd(m("max_drawdown")),
            Tone.PLAIN,
            f"{wording.percent(fall)} of the peak" if wording.known(fall) else "peak to trough",
        ),
        KeyNumber(
            "Exposure", wording.share(m("exposure")), Tone.PLAIN, "of the session in a trade"
        ),
        KeyNumber("Average hold", wording.duration(hold), Tone.PLAIN, "entry to exit"),
        KeyNumber("MAE / MFE", excursion, Tone.PLAIN, "mean worst and best excursion"),
        KeyNumber("Average win", wording.mean_usd(m("avg_win")), Tone.PLAIN, "of winning trades"),
        KeyNumber("Average loss", wording.mean_usd(m("avg_loss")), Tone.PLAIN, "of losing trades"),
        KeyNumber("Commission", wording.usd(m("commission")), Tone.PLAIN, "and fees"),
    ]


def title(view: RunView) -> str:
    """Return what was run: the date, or the first and the last."""
    start, end = view.manifest.get("start"), view.manifest.get("end")
    if not start:
        return str(view.manifest.get("run_id") or "Run")
    return str(start) if not end or end == start else f"{start} to {end}"


def kind(view: RunView) -> str:
    """Return what kind of run it was: "Backtest", "Live day", …."""
    return _KINDS.get(str(view.manifest.get("engine")), "Run")


def summary(view: RunView) -> str:
    """Return the result in one or two sentences."""
    m = view.metrics.get
    trades = m("trades") or 0
    if not trades:
        return why_no_trades(view)
    pnl = m("net_pnl") or 0
    verb = "lost" if pnl < 0 else "made"
    text = f"{wording.count(trades)} trade{'s' * (trades != 1)} {verb} {wording.usd(abs(pnl))}"
    if wording.known(m("return_pct")):
        text += f" ({wording.percent(m('return_pct'), signed=True)})"
    if wording.known(m("win_rate")):
        text += f". {wording.share(m('win_rate'), 0)} won"
    if wording.known(m("max_drawdown")):
        text += f"; the deepest drawdown was {wording.usd(m('max_drawdown'))}"
    return text + "."


def why_no_trades(view: RunView) -> str:
    """Return at which stage of the funnel the last candidate was stopped."""
    stages = view.funnel
    if not stages or not stages[0].count:
        return _nothing_judged(view)
    for before, stage in pairwise(stages):
        if not stage.count:
            left = wording.count(before.count)
            return (
                f"No trades: {left} came through “{wording.words(before.name)}”, and "
                f"“{wording.words(stage.name)}” let none of them pass."
                f"{_remedy(view, stage.name)}"
            )
    return "No trades were closed, though orders were filled."


def _remedy(view: RunView, stage: str) -> str:
    """Return what lets a run trade whose tape is too narrow for a filter; empty for any other."""
    is_narrow = view.manifest.get("symbols") or view.manifest.get("letters")
    if stage != Filter.MARKET_GRAVITY or not is_narrow:
        return ""
    return (
        " It is the breadth of the whole tape, and this run has only a part of it: leave the "
        "filter out with --set use_market_gravity=false, or keep the index symbols in the list."
    )


def _nothing_judged(view: RunView) -> str:
    """Return why no bucket of a run was judged, by what was read."""
    prints, symbols = (view.quality.get(name, 0) for name in ("trades", "symbols"))
    if not prints:
        return "No trades: no market data reached the scanner. Check the dates and symbols."
    doubts = " ".join(f"{each}." for each in view.manifest.get("warnings") or ())
    return (
        f"No trades: {counted(prints, 'print')} of {counted(symbols, 'symbol')} were read, and "
        f"no symbol had enough buckets to be judged. {doubts}"
    ).rstrip()


def _tone(value: wording.Number) -> Tone:
    if value is None or not wording.known(value) or round(value, 4) == 0:
        return Tone.PLAIN
    return Tone.GAIN if value > 0 else Tone.LOSS
