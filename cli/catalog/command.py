"""``tradectl catalog``: market data into the catalog, out of it, and what it holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.text import Text

from app.clock import parse_day
from cli.terminal.data_warnings import say_warnings
from cli.terminal.options import DEFAULT_CATALOG, AsJson, CatalogPath
from cli.terminal.output import command, emit, progress_console
from cli.terminal.progress import progress_bar
from engine.domain.counted import counted
from engine.domain.errors import DataError

if TYPE_CHECKING:
    from app.catalog.keep import CatalogInfo
    from catalog.imports.ingest import ImportReport

app = typer.Typer(help="Import, check, query and export market data.", no_args_is_help=True)

KindName = Literal["trades", "quotes", "bars", "statuses"]
FormatName = Literal["auto", "parquet", "csv", "alpaca", "lean", "databento", "nautilus", "spool"]
TargetName = Literal["csv", "parquet", "nautilus"]
TimeUnitName = Literal["ns", "us", "ms", "s"]
_KINDS = ", ".join(get_args(KindName))


@app.command("import")
@command
def import_(
    files: Annotated[list[str], typer.Argument(help="Files, or fsspec URLs, of one kind.")],
    kind: Annotated[
        KindName, typer.Option(metavar="KIND", help=f"What the files hold: {_KINDS}.")
    ] = "trades",
    form: Annotated[
        FormatName,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"How they are written: {', '.join(get_args(FormatName))}. auto: by the ending.",
        ),
    ] = "auto",
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=NAME", help="Our column and its name in the files."),
    ] = None,
    symbol: Annotated[
        str | None, typer.Option(help="Ticker of every row, for files without that column.")
    ] = None,
    timezone: Annotated[
        str, typer.Option("--tz", help="Time zone for timestamps without one.")
    ] = "UTC",
    time_unit: Annotated[
        TimeUnitName, typer.Option(help="Unit of timestamps that are integers.")
    ] = "ns",
    delimiter: Annotated[str, typer.Option(help="Between the fields of a CSV file.")] = ",",
    consolidate: Annotated[
        bool | None,
        typer.Option(
            "--consolidate/--no-consolidate",
            help="Build the best bid and offer from venues' quotes, or say that these are it.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse at the first flawed row; set none aside.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace stored rows of the same symbol and date.")
    ] = False,
    catalog: CatalogPath = DEFAULT_CATALOG,
    as_json: AsJson = False,
) -> None:
    """Check, sort and store market data from files; what is stored already stays as it is.

    Flawed rows are set aside in the catalog's quarantine folder and counted.

    Example: tradectl catalog import trades.csv --map price=last_px --tz America/New_York
    """
    import msgspec

    from app.catalog.keep import imported

    with progress_bar("importing", "rows") as show:
        report = imported(
            catalog,
            files,
            kind,
            show,
            form=form,
            columns=columns or (),
            symbol=symbol,
            timezone=timezone,
            time_unit=time_unit,
            delimiter=delimiter,
            consolidate=consolidate,
            strict=strict,
            replace=replace,
        )
    emit(
        {"status": "ok", **msgspec.to_builtins(report)},
        as_json=as_json,
        page=lambda console: _print_import(report, console),
    )


@app.command("adopt")
@command
def adopt_(
    spool: Annotated[Path, typer.Argument(help="Folder of one run, beside the database.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace stored rows of the same symbol and date.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the spool once it is stored.")
    ] = False,
    catalog: CatalogPath = DEFAULT_CATALOG,
    as_json: AsJson = False,
) -> None:
    """Store what a live run has heard as a day of the catalog; a second time changes nothing.

    `tradectl live --record` does it at the end of the day; this is for a run that was cut off.

    Example: tradectl catalog adopt data/spool/live-2026-09-18
    """
    import msgspec

    from app.catalog.keep import adopted as adopted_from

    with progress_bar("storing", "rows") as show:
        adopted = adopted_from(catalog, spool, show, replace=replace, remove=remove)

    def page(console: Console) -> None:
        for report in adopted.reports:
            _print_import(report, console)

    emit(
        {"status": "ok", "removed": remove, **msgspec.to_builtins(adopted)},
        as_json=as_json,
        page=page,
    )


@app.command()
@command
def info(catalog: CatalogPath = DEFAULT_CATALOG, as_json: AsJson = False) -> None:
    """List what is stored: kinds, dates, letters, rows and bytes.

    Example: tradectl catalog info
    """
    import msgspec

    from app.catalog.keep import catalog_info

    found = catalog_info(catalog)
    say_warnings(found.warnings)
    emit(
        msgspec.to_builtins(found),
        as_json=as_json,
        page=lambda console: _print_info(found, console),
    )


@app.command()
@command
def verify(
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="Move what is damaged to the quarantine folder.")
    ] = False,
    catalog: CatalogPath = DEFAULT_CATALOG,
    as_json: AsJson = False,
) -> None:
    """Hash everything again and find torn, truncated, edited or missing parts.

    Exits with 3 when something is wrong, even when it was quarantined.

    Example: tradectl catalog verify --quarantine
    """
    import msgspec

    from app.catalog.keep import verified
    from catalog.verify import MEANING

    with progress_bar("hashing", "bytes") as show:
        result = verified(catalog, show, quarantine=quarantine)

    def page(console: Console) -> None:
        for finding in result.findings:
            console.print(
                f"[red]{finding.damage}[/] {escape(finding.path)}: {MEANING[finding.damage]}"
            )
        console.print(f"{counted(result.parts, 'part')}, {decimal(result.size)} checked")

    status = "damaged" if result.findings else "ok"
    emit(
        {"status": status, "quarantined": quarantine, **msgspec.to_builtins(result)},
        as_json=as_json,
        page=page,
    )
    if result.findings:
        remedy = (
            "moved to quarantine: import these days again"
            if quarantine
            else "run again with --quarantine, then import these days again"
        )
        progress_console.print(f"{len(result.findings)} damaged; {remedy}", highlight=False)
        raise typer.Exit(DataError.exit_code)


@app.command()
@command
def sql(
    statement: Annotated[str, typer.Argument(help="A query, such as 'select * from trades'.")],
    limit: Annotated[int, typer.Option(min=1, help="Most rows to show.")] = 100,
    catalog: CatalogPath = DEFAULT_CATALOG,
    as_json: AsJson = False,
) -> None:
    """Query the catalog with DuckDB; every kind of table is a view, with date and letter.

    Example: tradectl catalog sql "select count(*) from trades"
    """
    import msgspec

    from catalog import Catalog
    from catalog.sql import query

    answer = query(Catalog.open(catalog), statement, limit)

    def page(console: Console) -> None:
        from reports.fitted_table import fitted_rows

        rows = (tuple(map(_in_a_cell, row)) for row in answer.rows)
        wrapped = dict.fromkeys(answer.columns, _LEAST_OF_A_CELL)
        spare = answer.columns[:0:-1]
        table = fitted_rows(answer.columns, rows, wrapped=wrapped, spare=spare)
        console.print(table, highlight=False)
        if answer.truncated:
            console.print(f"first {counted(limit, 'row')}; show more with --limit")

    rows = msgspec.to_builtins(answer.rows, str_keys=True, enc_hook=str)
    emit(
        {"columns": answer.columns, "rows": rows, "truncated": answer.truncated},
        as_json=as_json,
        page=page,
    )


_LEAST_OF_A_CELL = 12
"""Characters down to which the columns of a query are wrapped."""


def _in_a_cell(value: object) -> str:
    """Return a value of a query as text, a decimal as people write it: ``100`` and ``61.5``."""
    if isinstance(value, Decimal) and "." in (text := f"{value:f}"):
        return text.rstrip("0").rstrip(".")
    return str(value)


@app.command("export")
@command
def export_(
    out: Annotated[Path, typer.Argument(help="Folder to write to; made when it is missing.")],
    to: Annotated[TargetName, typer.Option(help="What to write.")],
    kind: Annotated[
        KindName, typer.Option(metavar="KIND", help=f"What to export: {_KINDS}.")
    ] = "trades",
    start: Annotated[str | None, typer.Option(help="First date, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option(help="Last date, YYYY-MM-DD.")] = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    as_json: AsJson = False,
) -> None:
    """Write market data as CSV, Parquet or a nautilus catalog; all dates unless told otherwise.

    Example: tradectl catalog export out --to parquet
    """
    import msgspec

    from app.catalog.keep import exported

    first = parse_day(start) if start else date.min
    last = parse_day(end) if end else date.max
    with progress_bar("exporting", "rows") as show:
        report, days = exported(catalog, out, to, kind, first, last, show)
    emit(
        {"status": "ok", "out": str(out), **msgspec.to_builtins(report)},
        as_json=as_json,
        page=lambda console: console.print(
            f"{counted(report.rows, 'row')} of {counted(days, 'date')} in "
            f"{counted(report.files, 'file')} under {out}"
        ),
    )


def _print_import(report: ImportReport, console: Console) -> None:
    from reports.fitted_table import fitted_rows

    rows: list[tuple[Text | str, str]] = [
        ("read", f"{report.rows_in:,}"),
        ("without a flaw", f"{report.rows_out:,}"),
    ]
    for flaw, count in report.rejected.items():
        rows.append((Text(f"set aside: {flaw.replace('_', ' ')}", "yellow"), f"{count:,}"))
    rows += [
        ("out of order (sorted)", f"{report.out_of_order:,}"),
        ("without ts_init (got ts_event)", f"{report.without_arrival:,}"),
    ]
    rows += [(f"{name.replace('_', ' ')} (kept)", f"{n:,}") for name, n in report.quality.items()]
    title = f"{report.kind} from {counted(len(report.files), 'file')}"
    console.print(
        fitted_rows(("rows", "count"), rows, numbers=("count",), title=title), highlight=False
    )
    span = f"{report.dates[0]} to {report.dates[-1]}" if len(report.dates) > 1 else report.dates[0]
    stored = counted(report.stored, "partition")
    console.print(f"{span}: {stored} stored, {report.unchanged:,} held the same already")
    if report.quarantine:
        console.print(f"rows set aside: {report.quarantine}")
    for warning in report.warnings:
        console.print(f"[yellow]warning:[/] {escape(warning.message)}")


def _print_info(found: CatalogInfo, console: Console) -> None:
    from reports.fitted_table import fitted_rows

    rows = (
        (row.kind, row.date, row.letters, f"{row.rows:,}", decimal(row.bytes))
        for row in found.partitions
    )
    table = fitted_rows(
        ("kind", "date", "letters", "rows", "size"),
        rows,
        numbers=("rows", "size"),
        wrapped={"letters": 14},
    )
    console.print(table if found.partitions else "nothing is stored yet", highlight=False)
