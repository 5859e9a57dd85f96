"""``tradectl why``: what scanner and hub said of one symbol at one bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from app.clock import parse_day
from app.figures import figure
from cli.terminal.data_warnings import say_warnings
from cli.terminal.flow import Flow
from cli.terminal.options import (
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    Database,
    ParamsFile,
    RunOption,
    RunsPath,
    SetParams,
)
from cli.terminal.output import command, emit
from cli.terminal.run_catalog import RunCatalog, tape_page, wanted_catalog

if TYPE_CHECKING:
    from app.runs.explain.why import Explanation
    from app.runs.signals.said import SignalSaid


@command
def why(
    symbol: Annotated[str, typer.Argument(help="Symbol.")],
    time: Annotated[
        str,
        typer.Argument(
            help="New York time HH:MM:SS or YYYY-MM-DDTHH:MM:SS in the bucket, or UTC ns."
        ),
    ],
    run: RunOption = None,
    day: Annotated[
        str | None,
        typer.Option("--date", help="New York date; by default in TIME, or the run's only day."),
    ] = None,
    catalog: RunCatalog = None,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
    params: ParamsFile = None,
    set_params: SetParams = None,
    as_json: AsJson = False,
) -> None:
    """Say why a symbol was, or was not, a candidate and a trade at one bucket.

    Shows every gate with value and threshold and, given a run, what each of its strategies saw with
    its features, the filters and the verdict of its hub, and the trade that followed with who
    contributed to it. A run is asked on the catalog that it was run on, a live one on what it has
    heard itself as long as that is kept; a tape that is not the one the run traded is named.

    Example: tradectl why AAPL 10:30:05 --date 2026-09-18
    """
    import msgspec

    from app.runs.explain.why import explained

    found, integrity = explained(
        symbol,
        time,
        run=run,
        day=parse_day(day) if day else None,
        catalog=wanted_catalog(catalog),
        runs=runs,
        params=params,
        settings=set_params,
        database=database,
    )
    say_warnings(found.warnings)
    emit(
        msgspec.to_builtins(found),
        as_json=as_json,
        page=lambda console: _page(console, found),
        integrity=integrity,
    )


def _page(console: Console, found: Explanation) -> None:
    from app.clock import new_york
    from engine.decision.plain_reason import codes_in_words
    from engine.domain.parameters.versions import FIRST

    at, version = new_york(found.ts_event), found.params_version
    under = "" if version == FIRST else f", under version {version} of the parameters"
    console.print(f"[bold]{escape(found.symbol)}[/] bucket to {at}{under}")
    console.print(codes_in_words(found.answer), highlight=False, markup=False)
    if found.running:
        console.print(f"{found.run_id} still runs: this is as of now", style="yellow")
    tape_page(console, found.tape)
    if found.strategies and not found.asks_alone:
        weights = (f"{each.strategy_id} {each.weight:.3g}" for each in found.strategies)
        console.print(Flow(["strategies by weight:", *weights]), highlight=False)
    for signal in found.signals:
        _signal_page(console, signal)
    _verdict_page(console, found)
    if found.scanner is not None and found.asks_the_gates:
        if not found.asks_alone:
            console.print("[bold]acceleration[/]")
        values = (
            f"{key} {figure(value)}" for key, value in found.scanner.items() if value is not None
        )
        console.print(Flow([*values]), highlight=False)
        table = _checks_table("gate")
        for check in found.gates:
            outcome = "pass" if check.passed else "fail"
            _add(table, check.gate, (check.value, check.threshold), outcome, check.unit)
        if found.asks_alone:
            _add_filters(table, found.verdict)
        console.print(table)


def _signal_page(console: Console, signal: SignalSaid) -> None:
    """Print one strategy's signal: its score, and every feature with its limit."""
    side = "long" if signal.side > 0 else "short"
    numbers = ((name, getattr(signal, name)) for name in ("score", "strength", "confidence"))
    told = [f"{name} {figure(value)}" for name, value in numbers if value is not None]
    ended = f", {signal.fade_reason}" if signal.fade_reason else ""
    named = Text.assemble((signal.strategy_id, "bold"), f" {side} {signal.phase}{ended}")
    console.print(Flow([named, f"qualified {figure(signal.qualified)}", *told]), highlight=False)
    table = _checks_table("feature")
    for each in signal.features:
        outcome = "pass" if each.passed else "fail"
        _add(table, each.name, (each.value, each.threshold), outcome, "")
    console.print(table)


def _verdict_page(console: Console, found: Explanation) -> None:
    """Print who contributed to the trade and what the hub asked, for strategies beside others."""
    from engine.decision.plain_reason import codes_in_words

    if found.asks_alone:
        return
    for part in found.contributions:
        told = (
            f"contribution of {part.strategy_id}: strength {figure(part.strength)}",
            f"weight {part.weight:.3g}",
            f"confidence {figure(part.confidence)}",
        )
        console.print(Flow(told), highlight=False)
    for verdict in found.verdicts or (found.verdict,):
        if verdict is None:
            continue
        outcome = "approved" if verdict["approved"] else f"refused, {verdict['reason']}"
        console.print(
            codes_in_words(f"hub on {verdict['strategy_id']}: {outcome}: {verdict['detail']}"),
            highlight=False,
            markup=False,
        )
        if verdict["checks"]:
            table = _checks_table("filter")
            _add_filters(table, verdict)
            console.print(table)


def _checks_table(heading: str) -> Any:
    from rich.table import Table

    table = Table(heading, box=None)
    for each in ("value", "threshold"):
        table.add_column(each, justify="right")
    table.add_column("")
    return table


def _add_filters(table: Any, verdict: dict[str, Any] | None) -> None:
    for check in (verdict or {}).get("checks") or ():
        values = check["value"], check["threshold"]
        _add(table, check["name"], values, check["outcome"], check["basis"])


def _add(table: Any, name: str, values: tuple[object, object], outcome: str, note: str) -> None:
    style = {"pass": "green", "off": "dim"}.get(outcome, "red")
    table.add_row(name, *map(figure, values), f"[{style}]{outcome}[/] {note}")
