"""``tradectl scan``: a recorded day's candidates, ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from app.clock import parse_day
from cli.terminal.narrowing import (
    Letters,
    Symbols,
    Workers,
    parse_letters,
    parse_symbols,
)
from cli.terminal.options import DEFAULT_CATALOG, AsJson, CatalogPath, ParamsFile, SetParams
from cli.terminal.output import command, emit
from cli.terminal.progress import progress_bar

if TYPE_CHECKING:
    from engine.signals import ScanResult


@command
def scan(
    day: Annotated[str, typer.Option("--date", help="New York date, YYYY-MM-DD.")],
    catalog: CatalogPath = DEFAULT_CATALOG,
    letters: Letters = None,
    symbols: Symbols = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many candidates to show.")] = 20,
    params: ParamsFile = None,
    set_params: SetParams = None,
    workers: Workers = 2,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Scan again even if the same scan is kept.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Scan a recorded day and show its candidates, the strongest first.

    Candidates and near misses are kept in the catalog under candidates/ and verdicts/, so that the
    same scan is made once.
    """
    from app.backtest.kept_scans import kept_scan
    from app.parameters.file import load_parameters
    from catalog import Catalog

    parameters = load_parameters(params, set_params)
    with progress_bar(f"scan {day}", "trades") as progress:
        result = kept_scan(
            Catalog.open(catalog),
            parse_day(day),
            parameters,
            letters=parse_letters(letters),
            symbols=parse_symbols(symbols),
            workers=workers,
            progress=progress,
            refresh=refresh,
        )
    emit(summary(result, top), as_json=as_json, page=lambda console: _page(console, result, top))


def summary(result: ScanResult, top: int) -> dict[str, Any]:
    """Return a scan as JSON shows it: the ``top`` raised candidates by ``ac_z``."""
    import pyarrow.compute as pc

    from engine.domain.candidate import Phase

    raised = result.candidates.filter(pc.field("phase") == pc.scalar(str(Phase.RAISED)))
    first = raised.sort_by([("ac_z", "descending"), ("symbol", "ascending")]).slice(0, top)
    columns = ("symbol", "side", "ts_event", "ac_z", "ao", "ac", "last", "volume", "run_notional")
    return {
        "date": result.day.isoformat(),
        "letters": list(result.letters),
        "params_hash": result.params.params_hash(),
        "digest": result.digest(),
        "candidates": len(raised),
        "near_misses": len(result.near_misses),
        "judged": result.judged,
        "gates": {
            gate.name.lower(): {"passed": count.passed, "alone": count.alone}
            for gate, count in result.funnel().items()
        },
        "quality": result.quality,
        "timings": result.timings,
        "top": first.select(columns).to_pylist(),
    }


def _page(console: Console, result: ScanResult, top: int) -> None:
    from reports import candidates_table

    table = candidates_table(result.candidates, result.buckets, top=top, width=console.width)
    console.print(table)
    quality = result.quality
    rate = result.timings.get("trades_per_sec")
    speed = f", {rate / 1e6:.1f} M trades/s" if rate else ", kept from before"
    console.print(
        f"\n{result.day}  {quality['trades']:,} trades of {quality['symbols']:,} symbols, "
        f"{quality['late_trades']:,} late, {quality['reversals']:,} taken back  "
        f"({result.timings['scan_secs']:.2f} s{speed})"
    )
