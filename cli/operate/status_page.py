"""What the governor of a run allows, on a page or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.clock import new_york
from app.commands.governor_status import GovernorStatus, StrategyStatus, governor_status
from app.commands.governor_view import phase_in_words
from app.figures import figure
from cli.terminal.in_words import in_words
from cli.terminal.output import emit
from engine.decision import OpenTrade


def show_status(database: str, run: str, *, as_json: bool) -> None:
    """Print what the governor of a run allows."""
    status, integrity = governor_status(database, run)

    def page(console: Console) -> None:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(no_wrap=True)
        for name, value in _lines(status):
            table.add_row(name, Text(value))
        console.print(table)

    emit(msgspec.to_builtins(status), as_json=as_json, page=page, integrity=integrity)


def _lines(status: GovernorStatus) -> Iterator[tuple[str, str]]:
    yield "run", f"{status.run_id}, {status.status}"
    yield "as of", f"{status.as_of}, New York"
    phase = phase_in_words(status.phase, paused=status.paused, stopped=status.stopped)
    yield "phase", phase if status.goes_on else f"none: the run has ended ({phase} at its end)"
    if status.remedy:
        yield "what to do", status.remedy
    for issue, detail in status.troubles.items():
        yield "entries held by", f"{issue}: {detail}"
    for what in ("trades", "wins"):
        yield f"{what} today", _used(status.limits[what])
    yield "realized P&L", _earned(status.limits["realized_pnl_usd"])
    yield "open trades", "; ".join(map(_trade, status.open_trades)) or "none"
    yield "locked symbols", in_words(status.locks)
    yield "cooling down", _until(status.cooldowns)
    windows, ladder = status.windows, status.flatten
    since, until = (_clock(windows[name]) for name in ("entries_from", "entries_until"))
    yield "entries", f"from {since} until {until}"
    cancels, closes, checks = (
        _clock(ladder[name]) for name in ("cancel_entries", "exit", "verify")
    )
    told = f"entries cancelled {cancels}, trades closed {closes}, checked to be flat {checks}"
    yield "end of the day", f"{told}; found flat: {in_words(ladder['verified_flat'])}"
    yield "alarms", in_words(status.alarms)
    under_way = [msgspec.to_builtins(each) for each in status.commands_under_way]
    yield "commands under way", in_words(under_way)
    yield "parameters", f"version {status.params_version}"
    yield "strategies", ", ".join(map(_strategy, status.strategies))


def _strategy(strategy: StrategyStatus) -> str:
    if strategy.is_on:
        return f"{strategy.strategy_id} {strategy.weight:.1%}"
    return f"{strategy.strategy_id} {'off: it went wrong' if strategy.has_failed else 'off'}"


def _trade(trade: OpenTrade) -> str:
    entered = (
        "not entered yet" if trade.entered_ns is None else f"since {new_york(trade.entered_ns)}"
    )
    return f"{trade.trade_id}, {_usd(trade.notional)} USD, {entered}"


def _used(limit: dict[str, int | Decimal | None]) -> str:
    most = limit["limit"]
    return f"{limit['used']}, {'no limit' if most is None else f'{most} at most'}"


def _earned(limits: dict[str, int | Decimal | None]) -> str:
    target = limits["profit_target"]
    stop = "" if target is None else f" or {_usd(target)}"
    return f"{_usd(limits['used'])} USD; the day ends at {_usd(limits['loss_limit'])}{stop} USD"


def _usd(amount: int | Decimal | None) -> str:
    return figure(Decimal(amount or 0))


def _until(cooldowns: dict[str, str]) -> str:
    told = (f"{symbol} until {_clock(until)}" for symbol, until in cooldowns.items())
    return ", ".join(told) or "none"


def _clock(moment: str) -> str:
    """Return the time of day of a New York date and time."""
    return moment.rpartition(" ")[2]
