"""``tradectl why``: what scanner and hub said of one symbol at one bucket."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.runs.integrity import run_integrity
from cli.terminal.figures import figure
from cli.terminal.narrowing import parse_day
from cli.terminal.options import (
    DEFAULT_CATALOG,
    DEFAULT_RUNS,
    AsJson,
    CatalogPath,
    ParamsFile,
    RunOption,
    RunsPath,
    SetParams,
)
from cli.terminal.output import command, emit
from engine.domain.errors import ConfigError
from engine.domain.session import day_of

if TYPE_CHECKING:
    import pyarrow as pa

    from catalog import Catalog
    from engine.domain.parameter_versions import ParameterHistory
    from engine.domain.parameters import Parameters
    from store import Run


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
    catalog: CatalogPath = DEFAULT_CATALOG,
    runs: RunsPath = DEFAULT_RUNS,
    params: ParamsFile = None,
    set_params: SetParams = None,
    as_json: AsJson = False,
) -> None:
    """Say why a symbol was, or was not, a candidate and a trade at one bucket.

    Shows every gate with value and threshold and, given a run, the filters and the verdict of its
    hub and the trade that followed.
    """
    from app.clock import instant
    from app.runs.chosen_run import chosen_run
    from catalog import Catalog

    symbol = symbol.upper()
    asked = parse_day(day) if day else _day_in(time)
    chosen, history = chosen_run(runs, run, asked, params, set_params)
    market = Catalog.open(catalog)
    ts = instant(time, asked or _only_day(market, chosen))
    width = history.at(ts).bucket_ns
    ts_event = -(-ts // width) * width
    rows = _judged(market, day_of(ts), symbol, history)
    in_force = history.in_force(ts_event)
    answer = _scanner_says(rows, symbol, ts_event, in_force.params)
    answer["params_version"] = in_force.version
    answer |= _hub_says(chosen, symbol, ts_event)
    answer["answer"] = _conclusion(answer)
    emit(
        answer,
        as_json=as_json,
        page=lambda console: _page(console, answer),
        integrity=run_integrity(chosen),
    )


def _day_in(time: str) -> date | None:
    if time.isdecimal():
        try:
            return day_of(int(time))
        except (ValueError, OverflowError, OSError) as error:
            raise ConfigError(f"{time} is no time in UTC nanoseconds; write HH:MM:SS") from error
    day, separator, _ = time.partition("T")
    return parse_day(day) if separator else None


def _only_day(market: Catalog, run: Run | None) -> date:
    if run is not None and run.manifest.start == run.manifest.end:
        return parse_day(run.manifest.start)
    stored = market.dates()
    if run is None and len(stored) == 1:
        return stored[0]
    raise ConfigError("there are several days to look at; name one with --date")


def _judged(market: Catalog, day: date, symbol: str, history: ParameterHistory) -> pa.Table:
    """Return every bucket of the symbol that has an ``ao``, held against every gate."""
    import pyarrow as pa

    from engine.domain.errors import NotFoundError
    from engine.domain.session import session
    from engine.signals.bucket_series import judged_buckets
    from engine.signals.tables import rows_table

    params, changes = history.shaping_day(session(day))
    (scanner,) = judged_buckets(market, day, params, [symbol], changes)
    if not scanner.symbols:
        raise NotFoundError(f"no trades of {symbol} are stored for {day}; 'tradectl catalog info'")
    pieces = scanner.take_output()
    return pa.concat_tables(
        rows_table(piece.rows, scanner.symbols, piece.settings) for piece in pieces
    )


def _scanner_says(rows: pa.Table, symbol: str, ts_event: int, params: Parameters) -> dict[str, Any]:
    from cli.runs.gate_checks import finite, gate_checks

    said: dict[str, Any] = {"symbol": symbol, "ts_event": ts_event, "scanner": None, "gates": []}
    times = rows["ts_event"].to_pylist()
    if ts_event not in times:
        said["first_judged"] = times[0] if times else None
        return said
    row = rows.slice(times.index(ts_event), 1).to_pylist()[0]
    shown = ("ao", "ac", "ao_bps", "ac_bps", "sigma_bps", "ac_z", "volume", "run_volume", "vwap")
    said["scanner"] = {
        "side": row["side"],
        "phase": row["phase"],
        "fade_reason": row["fade_reason"],
        "qualified": row["qualified"],
        "last": float(row["last"]),
    } | {name: finite(row[name]) for name in shown}
    said["gates"] = gate_checks(row, params)
    return said


def _hub_says(run: Run | None, symbol: str, ts_event: int) -> dict[str, Any]:
    import pyarrow.compute as pc

    said: dict[str, Any] = {"run_id": run.run_id if run else None, "verdict": None, "trade": None}
    for name, column in (("verdict", "ts_event"), ("trade", "candidate_ts")):
        table = None if run is None else run.read_table(f"{name}s")
        if table is None:
            continue
        same = (pc.field("symbol") == symbol) & (pc.field(column) == ts_event)
        found = table.filter(same).to_pylist()
        said[name] = found[0] if found else None
    return said


def _conclusion(answer: dict[str, Any]) -> str:
    """Return the answer in one sentence."""
    from app.clock import new_york
    from cli.runs.gate_checks import in_words

    scanner, verdict, trade = answer["scanner"], answer["verdict"], answer["trade"]
    if scanner is None:
        first = answer["first_judged"]
        begins = f"judged from {new_york(first)} on" if first else "never judged: too few buckets"
        return f"not judged at that bucket: {answer['symbol']} is {begins}, within the session"
    if trade is not None:
        return f"entered as {trade['trade_id']}, {trade['exit_reason'] or 'still open'}"
    if verdict is not None:
        if verdict["approved"]:
            return "approved, but the entry was never filled"
        return f"refused by the hub: {verdict['reason']}, {verdict['detail']}"
    failed = [
        f"{check['gate']} {in_words(check)}" for check in answer["gates"] if not check["passed"]
    ]
    if failed:
        return f"stopped by {len(failed)} of {len(answer['gates'])} gates: {'; '.join(failed)}"
    judge = f"run {answer['run_id']} has no verdict on it" if answer["run_id"] else "no run looked"
    return f"passed every gate; {judge}"


def _page(console: Console, answer: dict[str, Any]) -> None:
    from rich.table import Table

    from app.clock import new_york
    from engine.domain.parameter_versions import FIRST

    at, version = new_york(answer["ts_event"]), answer["params_version"]
    under = "" if version == FIRST else f", under version {version} of the parameters"
    console.print(f"[bold]{escape(answer['symbol'])}[/] bucket to {at}{under}")
    console.print(answer["answer"], highlight=False, markup=False)
    if answer["scanner"] is not None:
        scanner = answer["scanner"]
        values = (f"{key} {figure(value)}" for key, value in scanner.items() if value is not None)
        console.print("  ".join(values), highlight=False)
        table = Table("gate", box=None)
        for heading in ("value", "threshold"):
            table.add_column(heading, justify="right")
        table.add_column("")
        for check in answer["gates"]:
            _add(table, check["gate"], check, "pass" if check["passed"] else "fail", check["unit"])
        for check in (answer["verdict"] or {}).get("checks") or ():
            _add(table, check["name"], check, check["outcome"], check["basis"])
        console.print(table)


def _add(table: Any, name: str, check: dict[str, Any], outcome: str, note: str) -> None:
    style = {"pass": "green", "off": "dim"}.get(outcome, "red")
    table.add_row(
        name, figure(check["value"]), figure(check["threshold"]), f"[{style}]{outcome}[/] {note}"
    )
