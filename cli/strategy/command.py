"""``tradectl strategy``: which strategies there are, a new one, and whether one can be believed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.clock import new_york
from cli.terminal.day_options import MarketOptions, StoredDay
from cli.terminal.options import AsJson
from cli.terminal.output import command, emit
from cli.terminal.shared_options import taking
from engine.domain.errors import ConfigError
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

_NO_QUOTES = "NONE stored for that day: all that it saw of them was NaN"

_ANSWERS = {True: "YES", False: "no", None: "nobody can tell: it is not repeatable"}

_ACROSS = {
    (False, False): "no",
    (True, True): "yes, as its class says",
    (True, False): "YES: add across_symbols = True to the class",
}
"""By whether it looks across symbols, and whether its class says so."""

app = typer.Typer(help="List trading strategies, write a new one, check one.", no_args_is_help=True)


@dataclass(frozen=True, kw_only=True)
class CheckOptions(MarketOptions):
    """On what a strategy is checked, and under which of its own parameters."""

    set_params: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME.KEY=VALUE", help="Set a parameter.")
    ] = None
    as_json: AsJson = False


@app.command(name="list")
@command
def list_strategies(as_json: AsJson = False) -> None:
    """List the strategies that can be asked for by name: the engine's own and installed ones.

    Any other is given as module:Class, found in the current folder or on PYTHONPATH.

    Example: tradectl strategy list
    """
    from app.strategies import known_strategies
    from reports.fitted_table import fitted_rows

    known = known_strategies()
    found = {name: each for name, each in known.items() if not isinstance(each, ConfigError)}
    broken = {name: str(each) for name, each in known.items() if isinstance(each, ConfigError)}
    listed = {
        name: {"source": each.source, "about": each.about, "parameters": each.parameters}
        for name, each in found.items()
    }

    def page(console: Console) -> None:
        rows = ((name, each.source or "built in", each.about) for name, each in found.items())
        headings, wrapped = ("strategy", "where", "what it does"), {"where": 10, "what it does": 24}
        console.print(fitted_rows(headings, rows, wrapped=wrapped), highlight=False)
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
    from reports.fitted_table import fitted_rows

    found = find_strategy(name)
    rows = found.parameters

    def page(console: Console) -> None:
        console.print(f"{found.strategy_id}: {found.about}\n", highlight=False, markup=False)
        cells = ((row["name"], str(row["default"]), row["meaning"]) for row in rows)
        headings, wrapped = ("parameter", "default", "meaning"), {"meaning": 24}
        console.print(fitted_rows(headings, cells, wrapped=wrapped), highlight=False)

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
@taking(CheckOptions)
def check(
    options: CheckOptions,
    name: Annotated[str, typer.Argument(metavar="STRATEGY", help="Name or module:Class.")],
    day: StoredDay = None,
) -> None:
    """Check on a recorded day that a strategy never looks ahead, and says the same twice.

    It is asked bucket by bucket, as live, in a process that has seen nothing of what comes after,
    then in blocks of buckets, as in a backtest, twice. Exit code 1 when something speaks against
    it: another answer once later buckets are at hand, another one of the same day again (then
    nobody can tell whether it looks ahead), something read besides the tape, or another answer when
    it is shown some symbols alone, unless its class says across_symbols = True.

    Example: tradectl strategy check my_breakout:MyBreakout --date 2026-09-18
    """
    import msgspec

    from app.backtest.stored_days import stored_day
    from app.parameters.file import changed_values
    from app.strategies import hosted
    from app.strategies.check import checked_strategy
    from catalog import Catalog

    values = changed_values(options.set_params or [])
    stored = Catalog.open(options.catalog)
    on = stored_day(stored, day)
    warnings = options.warnings(stored, on)
    found = checked_strategy(
        stored,
        on,
        hosted([name], values=values),
        letters=options.only_letters or None,
        symbols=options.only_symbols or None,
    )

    def page(console: Console) -> None:
        lines = {
            "looks ahead": _ANSWERS[found.look_ahead],
            "says the same twice": "yes" if found.repeatable else "NO: not repeatable",
            "switched off": found.failure or "no",
            **({"quotes": _NO_QUOTES} if found.lacks_quotes else {}),
            "across symbols": _ACROSS[found.across_symbols, found.declares_across_symbols],
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
                f"first at {new_york(first.ts_event)}:\n"
                f"  {asked[0]:20} {'; '.join(first.first) or 'nothing'}\n"
                f"  {asked[1]:20} {'; '.join(first.second) or 'nothing'}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )
        if (alone := found.said_alone) is not None:
            shown = "the others" if alone.shown is None else alone.shown
            console.print(
                f"first at {new_york(alone.ts_event)}, shown {shown} alone:\n"
                f"  with all symbols    {'; '.join(alone.with_all) or 'nothing'}\n"
                f"  alone               {'; '.join(alone.without) or 'nothing'}",
                highlight=False,
                markup=False,
                soft_wrap=True,
            )

    told = asdict(found) | {"warnings": msgspec.to_builtins(warnings)}
    emit(told, as_json=options.as_json, page=page)
    if not found.is_fine:
        raise typer.Exit(ExitCode.FAILED)
