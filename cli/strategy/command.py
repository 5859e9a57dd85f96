"""``tradectl strategy``: which strategies there are, a new one, and whether one can be believed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from cli.terminal.day_options import StoredDay
from cli.terminal.narrowing import Letters, Symbols, parse_letters, parse_symbols
from cli.terminal.options import DEFAULT_CATALOG, AsJson, CatalogPath
from cli.terminal.output import command, emit
from engine.domain.errors import ConfigError
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

_NO_QUOTES = "NONE stored for that day: all that it saw of them was NaN"

_ANSWERS = {True: "YES", False: "no", None: "nobody can tell: it is not repeatable"}

app = typer.Typer(help="List trading strategies, write a new one, check one.", no_args_is_help=True)


@app.command(name="list")
@command
def list_strategies(as_json: AsJson = False) -> None:
    """List the strategies that can be asked for by name: the engine's own and installed ones.

    Any other is given as module:Class, found in the current folder or on PYTHONPATH.

    Example: tradectl strategy list
    """
    from app.strategies import known_strategies

    known = known_strategies()
    found = {name: each for name, each in known.items() if not isinstance(each, ConfigError)}
    broken = {name: str(each) for name, each in known.items() if isinstance(each, ConfigError)}
    listed = {
        name: {"source": each.source, "about": each.about, "parameters": each.parameters}
        for name, each in found.items()
    }

    def page(console: Console) -> None:
        table = Table("strategy", "where", "what it does", box=None, pad_edge=False)
        for name, each in found.items():
            table.add_row(name, each.source or "built in", each.about)
        console.print(table)
        for error in broken.values():
            console.print(f"\n{error}", style="yellow", highlight=False, markup=False)

    emit({"strategies": listed, "broken": broken}, as_json=as_json, page=page)


@app.command()
@command
def show(
    name: Annotated[str, typer.Argument(metavar="STRATEGY", help="Name or module:Class.")],
    as_json: AsJson = False,
) -> None:
    """Show a strategy's parameters: what `--set NAME.KEY=VALUE` can change.

    Example: tradectl strategy show reversion
    """
    from app.strategies import find_strategy

    found = find_strategy(name)
    rows = found.parameters

    def page(console: Console) -> None:
        console.print(f"{found.strategy_id}: {found.about}\n", highlight=False, markup=False)
        table = Table("parameter", "default", "meaning", box=None, pad_edge=False)
        for row in rows:
            table.add_row(row["name"], str(row["default"]), row["meaning"])
        console.print(table)

    shown = {"strategy": found.strategy_id, "source": found.source, "about": found.about}
    emit(shown | {"parameters": rows}, as_json=as_json, page=page)


@app.command()
@command
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and _: my_breakout.")
    ],
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder in which the package is written.")
    ] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write the package of a new strategy: about twenty lines of NumPy, and a test.

    It runs as it is; change what `signals` says. Installed with pip it is found by its name.

    Example: tradectl strategy new my_breakout
    """
    from app.strategies.new import new_strategy

    written = new_strategy(name, folder)

    def page(console: Console) -> None:
        for file in written.files:
            console.print(f"wrote {file}", highlight=False, markup=False)
        where = "" if folder == Path() else f"cd {folder} && "
        console.print(
            f"\ntry it: {where}tradectl scan --date DATE --strategy {written.strategy}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )

    emit(asdict(written), as_json=as_json, page=page)


@app.command()
@command
def check(
    name: Annotated[str, typer.Argument(metavar="STRATEGY", help="Name or module:Class.")],
    day: StoredDay = None,
    catalog: CatalogPath = DEFAULT_CATALOG,
    set_params: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME.KEY=VALUE", help="Set a parameter.")
    ] = None,
    letters: Letters = None,
    symbols: Symbols = None,
    as_json: AsJson = False,
) -> None:
    """Check on a recorded day that a strategy never looks ahead, and says the same twice.

    It is asked bucket by bucket, as live, in a process that has seen nothing of what comes after,
    then in blocks of buckets, as in a backtest, twice. Exit code 1 when something speaks against
    it: another answer once later buckets are at hand, another one of the same day again (then
    nobody can tell whether it looks ahead), or something read besides the tape.

    Example: tradectl strategy check my_breakout:MyBreakout --date 2026-09-18
    """
    from app.backtest.stored_days import stored_day
    from app.parameters.file import changed_values
    from app.strategies import hosted
    from app.strategies.check import checked_strategy
    from catalog import Catalog

    values = changed_values(set_params or [])
    stored = Catalog.open(catalog)
    found = checked_strategy(
        stored,
        stored_day(stored, day),
        hosted([name], values=values),
        letters=parse_letters(letters) or None,
        symbols=parse_symbols(symbols) or None,
    )

    def page(console: Console) -> None:
        lines = {
            "looks ahead": _ANSWERS[found.look_ahead],
            "says the same twice": "yes" if found.repeatable else "NO: not repeatable",
            "switched off": found.failure or "no",
            **({"quotes": _NO_QUOTES} if found.lacks_quotes else {}),
            "reads besides": ", ".join(found.opened) or "nothing",
            **({"loaded before": ", ".join(found.loaded)} if found.loaded else {}),
            "candidates": f"{found.candidates:,}",
            "a bucket takes": f"{found.ms_a_bucket:.2f} ms, the compiled scanner included",
        }
        console.print(f"{found.strategy} on {found.date}", highlight=False, markup=False)
        for what, answer in lines.items():
            console.print(f"  {what:20} {answer}", highlight=False, markup=False, soft_wrap=True)
        if found.first_difference is not None:
            first = found.first_difference
            asked = ("bucket by bucket", "later ones at hand")
            if not found.repeatable:
                asked = ("once", "again")
            console.print(
                f"first at {first.ts_event}:\n"
                f"  {asked[0]:20} {'; '.join(first.first) or 'nothing'}\n"
                f"  {asked[1]:20} {'; '.join(first.second) or 'nothing'}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )

    emit(asdict(found), as_json=as_json, page=page)
    if not found.is_fine:
        raise typer.Exit(ExitCode.FAILED)
