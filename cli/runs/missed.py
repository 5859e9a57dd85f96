"""``tradectl missed``: rejected candidates that went far, and what stopped each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.runs.integrity import run_integrity
from cli.terminal.figures import figure
from cli.terminal.narrowing import (
    Letters,
    Symbols,
    Workers,
    parse_day,
    parse_letters,
    parse_symbols,
)
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
from cli.terminal.progress import progress_bar

if TYPE_CHECKING:
    from catalog import Catalog
    from engine.accounting import Missed, Rejection, Trade
    from engine.domain.parameter_versions import ParameterHistory
    from engine.signals import ScanResult
    from store import Run


@command
def missed(
    top: Annotated[int, typer.Option("--top", min=1, help="How many to show.")] = 10,
    run: RunOption = None,
    day: Annotated[
        str | None,
        typer.Option("--date", help="New York date; all days of the run by default."),
    ] = None,
    horizon: Annotated[
        int, typer.Option("--horizon", min=1, help="Seconds to look ahead, within the session.")
    ] = 1_800,
    letters: Letters = None,
    symbols: Symbols = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    runs: RunsPath = DEFAULT_RUNS,
    params: ParamsFile = None,
    set_params: SetParams = None,
    workers: Workers = 2,
    as_json: AsJson = False,
) -> None:
    """Show rejected candidates with the largest favourable excursion afterwards.

    Looks at buckets that one gate alone kept from being raised and, given a run, at candidates its
    hub refused; a symbol the run entered within the horizon was not missed, nor one in a halt.
    Prints between a halt and its resume are no move that anybody could have traded.
    """
    from app.backtest.kept_scans import kept_scan
    from app.runs.chosen_run import chosen_run
    from catalog import Catalog
    from engine.accounting import follow, untraded
    from engine.domain.halts import Halts
    from engine.domain.session import NANOS_PER_SECOND, session

    asked = None if day is None else parse_day(day)
    chosen, history = chosen_run(runs, run, asked, params, set_params)
    market = Catalog.open(catalog)
    horizon_ns = horizon * NANOS_PER_SECOND
    only_letters, only_symbols = parse_letters(letters), parse_symbols(symbols)
    if chosen is not None:
        only_letters = only_letters or chosen.manifest.letters
        only_symbols = only_symbols or chosen.manifest.symbols
    found: list[Missed] = []
    rejected = 0
    days = _days(market, chosen, asked)
    for each in days:
        parameters, changes = history.shaping_day(session(each))
        with progress_bar(f"scan {each}", "trades") as progress:
            result = kept_scan(
                market,
                each,
                parameters,
                letters=only_letters,
                symbols=only_symbols,
                changes=changes,
                workers=workers,
                progress=progress,
            )
        rejections = sorted(
            [*_at_gates(result, history), *_at_hub(result, chosen)],
            key=lambda rejection: (rejection.ts_init, rejection.symbol),
        )
        rejected += len(rejections)
        halts = Halts(market.statuses(each))
        considered = list(untraded(rejections, _trades(chosen), horizon_ns, halts))
        found += follow(market, each, considered, horizon_ns)
    found.sort(key=lambda one: -one.best_pct)
    rows = [_row(one) for one in found[:top]]

    def page(console: Console) -> None:
        _page(console, rows, horizon)

    result_json = {
        "run_id": chosen.run_id if chosen else None,
        "dates": [each.isoformat() for each in days],
        "horizon_secs": horizon,
        "rejected": rejected,
        "considered": len(found),
        "missed": rows,
    }
    emit(result_json, as_json=as_json, page=page, integrity=run_integrity(chosen))


def _days(market: Catalog, run: Run | None, asked: date | None) -> list[date]:
    from engine.domain.errors import NotFoundError

    if asked is not None:
        return [asked]
    stored = market.dates()
    if run is None:
        stored = stored[-1:]
    else:
        span = run.manifest
        stored = [day for day in stored if span.start <= day.isoformat() <= span.end]
    if not stored:
        raise NotFoundError("no trades are stored for those days: import them or choose --date")
    return stored


def _at_gates(result: ScanResult, history: ParameterHistory) -> Iterator[Rejection]:
    """Yield the buckets that exactly one gate rejected."""
    from cli.runs.gate_checks import gate_checks, in_words

    for row in result.near_misses.to_pylist():
        checks = gate_checks(row, history.at(row["ts_event"]))
        (failed,) = (check for check in checks if not check["passed"])
        yield _rejection(row, failed["gate"], in_words(failed))


def _at_hub(result: ScanResult, run: Run | None) -> Iterator[Rejection]:
    """Yield the candidates of the day that the run's hub refused."""
    verdicts = None if run is None else run.read_table("verdicts")
    if verdicts is None:
        return
    refused = {
        (row["symbol"], row["ts_event"]): row for row in verdicts.to_pylist() if not row["approved"]
    }
    for row in result.candidates.to_pylist() if refused else ():
        verdict = refused.get((row["symbol"], row["ts_event"]))
        if verdict is not None and row["qualified"]:
            yield _rejection(row, verdict["reason"], verdict["detail"])


def _rejection(row: dict[str, Any], stopped_by: str, detail: str) -> Rejection:
    from engine.accounting import Rejection
    from engine.domain.candidate import Side
    from engine.domain.fixed_point import PRICE_SCALE

    return Rejection(
        symbol=row["symbol"],
        side=Side(row["side"]),
        ts_event=row["ts_event"],
        ts_init=row["ts_init"],
        price=int(row["last"] * PRICE_SCALE),
        ac_z=row["ac_z"],
        stopped_by=stopped_by,
        detail=detail,
    )


def _trades(run: Run | None) -> tuple[Trade, ...]:
    from engine.accounting import keep_books

    return () if run is None else keep_books(run.journal.facts()).trades


def _row(missed: Missed) -> dict[str, Any]:
    from cli.runs.gate_checks import finite
    from engine.domain.fixed_point import decimal_price

    rejection = missed.rejection
    return {
        "symbol": rejection.symbol,
        "side": int(rejection.side),
        "ts_event": rejection.ts_event,
        "price": float(decimal_price(rejection.price)),
        "ac_z": finite(rejection.ac_z),
        "stopped_by": rejection.stopped_by,
        "detail": rejection.detail,
        "best_pct": missed.best_pct,
        "best_after_secs": missed.best_after_secs,
        "worst_before_pct": missed.worst_before_pct,
    }


def _page(console: Console, rows: list[dict[str, Any]], horizon: int) -> None:
    from rich.table import Table

    from app.clock import new_york

    table = Table("symbol", "bucket", box=None, pad_edge=False)
    for heading in ("price", "ac_z", "best %", "after s", "worst %"):
        table.add_column(heading, justify="right")
    table.add_column("stopped by")
    for row in rows:
        table.add_row(
            f"{escape(row['symbol'])}{'' if row['side'] > 0 else ' short'}",
            new_york(row["ts_event"]),
            *(figure(row[name]) for name in ("price", "ac_z")),
            f"[bold]{row['best_pct']:.2f}[/]",
            figure(round(row["best_after_secs"])),
            f"{row['worst_before_pct']:.2f}",
            escape(f"{row['stopped_by']}: {row['detail']}"),
        )
    console.print(table if rows else f"nothing was rejected that moved within {horizon} s")
