"""``tradectl scan``: a recorded day's candidates, ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.terminal.day_options import Refresh, ScanOptions, StoredDay
from cli.terminal.output import emit
from cli.terminal.progress import progress_bar
from cli.terminal.shared_options import taking
from engine.domain.counted import counted

if TYPE_CHECKING:
    from engine.signals import ScanResult


@taking(ScanOptions)
def scan(
    options: ScanOptions,
    day: StoredDay = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many candidates to show.")] = 20,
    refresh: Refresh = False,
) -> None:
    """Scan a recorded day and show its candidates, the strongest first.

    Candidates and near misses are kept in the catalog under candidates/ and verdicts/, so that the
    same scan is made once.

    Example: tradectl scan --date 2026-09-18 --letters A-C

    Example: tradectl scan --date 2026-09-18 --strategy reversion --set reversion.min_distance=4
    """
    import msgspec

    from app.backtest.kept_scans import kept_scan
    from app.backtest.scan_answer import scan_answer
    from app.backtest.stored_days import stored_day
    from catalog import Catalog
    from engine.domain.session import session

    parameters, strategies = options.parameters(), options.hosted()
    stored = Catalog.open(options.catalog)
    on = stored_day(stored, day)
    warnings = options.warnings(stored, on)
    make_source = strategies.make_source(stored)
    source = make_source(session(on), parameters, strategies.names)
    with progress_bar(f"scan {on}", "trades") as progress:
        result = kept_scan(
            stored,
            on,
            parameters,
            letters=options.only_letters,
            symbols=options.only_symbols,
            workers=options.workers,
            progress=progress,
            refresh=refresh,
            source=source,
        )
    emit(
        msgspec.to_builtins(scan_answer(result, top, warnings)),
        as_json=options.as_json,
        page=lambda console: _page(console, result, top),
    )


def _page(console: Console, result: ScanResult, top: int) -> None:
    from reports import candidates_table
    from reports.wording import compact, duration

    table = candidates_table(result.candidates, result.buckets, top=top, width=console.width)
    console.print(table)
    if result.signals is not None:
        from reports.signals_table import signals_table

        console.print(signals_table(result.signals, top=top))
    for failure in result.failures:
        console.print(f"strategy {failure.strategy_id} was switched off: {failure.why}")
    quality = result.quality
    rate = result.timings.get("trades_per_sec")
    speed = f", {compact(rate)} trades/s" if rate else ", kept from before"
    console.print(
        f"\n{result.day}  {counted(quality['trades'], 'trade')} of "
        f"{counted(quality['symbols'], 'symbol')}, "
        f"{quality['late_trades']:,} late, {quality['reversals']:,} taken back  "
        f"({duration(result.timings['scan_secs'])}{speed})"
    )
