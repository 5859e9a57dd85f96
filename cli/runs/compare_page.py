"""Two runs side by side in a terminal: what differs first, nothing that is the same but by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.clock import new_york
from app.figures import figure, shown_value
from engine.domain.counted import counted
from reports.fitted_table import Column, FittedTable
from reports.wording import metric, money, words

if TYPE_CHECKING:
    from rich.console import Console

    from app.runs.comparing import RunsCompared, TradeApart

_SHOWN_TRADES = 20
"""Trades that a page names; --json has them all."""

_VALUE = 14
"""Characters to which a value may be wrapped."""

_HASH = 12
"""Digits of a hash that tell two apart."""


def compared_page(console: Console, found: RunsCompared) -> None:
    """Print how two runs, A and B, differ."""
    for letter, run_id, name in zip("AB", found.runs, found.names, strict=True):
        _say(console, f"{letter}  {run_id}{f' ({name})' if name else ''}")
    same = [words(key) for key, equal in found.same.items() if equal]
    if not any((found.identity, found.params, found.strategies, found.metrics)):
        _say(console, "nothing differs")
    _table(console, "parameters", _pairs(found.params))
    _table(console, "strategies", _pairs(found.strategies))
    _table(
        console,
        "identity",
        {words(key): [*map(_short, pair)] for key, pair in found.identity.items()},
    )
    results = {
        words(key): [*(metric(key, each) for each in pair), _delta(key, found.deltas.get(key))]
        for key, pair in found.metrics.items()
    }
    _table(console, "results", results, is_number=True)
    _trades(console, found)
    if same:
        _say(console, f"the same: {', '.join(same)}")


def _pairs(values: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    return {
        key: ["–" if each is None else shown_value(each) for each in pair]
        for key, pair in values.items()
    }


def _short(value: Any) -> str:
    text = figure(value)
    return text[:_HASH] if len(text) > 2 * _HASH and " " not in text else text


def _delta(key: str, delta: float | None) -> str:
    if delta is None:
        return ""
    text = metric(key, delta)
    return f"+{text}" if delta > 0 and not text.startswith("+") else text


def _table(
    console: Console,
    title: str,
    rows: Mapping[str, Sequence[str]],
    *,
    is_number: bool = False,
) -> None:
    if not rows:
        return
    headings = ("A", "B", "B − A")[: len(next(iter(rows.values())))]
    columns = [Column(heading=title, cells=[*rows], least=2 * _VALUE)]
    for place, heading in enumerate(headings):
        cells = [row[place] for row in rows.values()]
        least = None if is_number else _VALUE
        columns.append(Column(heading=heading, cells=cells, is_number=is_number, least=least))
    console.print(FittedTable(columns), highlight=False)


def _trades(console: Console, found: RunsCompared) -> None:
    counts = found.trades
    if not found.different_trades:
        _say(console, f"the trades are the same: {counted(counts['same'], 'trade')}")
        return
    _say(
        console,
        f"trades: {counts['same']:,} the same, {counts['different']:,} different, "
        f"{counts['only_first']:,} only in A, {counts['only_second']:,} only in B",
    )
    shown = found.different_trades[:_SHOWN_TRADES]
    earned = [_earned(each, found.runs) for each in shown]
    columns = (
        Column(heading="strategy", cells=[each.strategy_id for each in shown], least=_VALUE),
        Column(heading="symbol", cells=[_symbol(each) for each in shown]),
        Column(heading="entry", cells=[new_york(each.entry_ts) for each in shown]),
        Column(heading="P&L A", cells=[pair[0] for pair in earned], is_number=True),
        Column(heading="P&L B", cells=[pair[1] for pair in earned], is_number=True),
        Column(heading="B − A", cells=[_signed(each) for each in shown], is_number=True),
        Column(
            heading="what differs", cells=[_what(each, found.runs) for each in shown], least=_VALUE
        ),
    )
    console.print(FittedTable(columns, ("what differs", "B − A")), highlight=False)
    more = len(found.different_trades) - len(shown)
    if more > 0:
        _say(console, f"and {counted(more, 'trade')} more: --json")


def _symbol(trade: TradeApart) -> str:
    return trade.symbol if trade.side > 0 else f"{trade.symbol} short"


def _signed(trade: TradeApart) -> str:
    return "–" if trade.delta is None else money(trade.delta, signed=True)


def _earned(trade: TradeApart, runs: tuple[str, str]) -> list[str]:
    """Return what a trade earned in each run: nothing where it is not, and whether it is open."""
    texts: list[str] = []
    for run_id, pnl in zip(runs, trade.pnl, strict=True):
        absent = trade.only_in is not None and trade.only_in != run_id
        texts.append("none" if absent else "open" if pnl is None else money(pnl))
    return texts


def _what(trade: TradeApart, runs: tuple[str, str]) -> str:
    if trade.only_in is not None:
        return f"only in {'AB'[runs.index(trade.only_in)]}"
    return ", ".join(words(name) for name in trade.values)


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, markup=False, soft_wrap=True)
