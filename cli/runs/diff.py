"""``tradectl diff``: why two runs of the same day did not come to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.clock import new_york
from app.figures import figure
from cli.terminal.options import DEFAULT_DATABASE, DEFAULT_RUNS, AsJson, Database, RunsPath
from cli.terminal.output import command, emit
from engine.domain.counted import counted
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from engine.comparison import Comparison, Difference

_DIFFERENT = ExitCode.FAILED

_RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Run id, its beginning, its name, or 'latest', the one that was started last of "
        "the run directories and the database.",
    ),
]


@command
def diff(
    first: _RunName,
    second: _RunName,
    database: Database = DEFAULT_DATABASE,
    runs: RunsPath = DEFAULT_RUNS,
    *,
    show_all: Annotated[
        bool, typer.Option("--all", help="List every difference, not the first alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Explain two runs decision by decision: a backtest, a session, a rehearsal, a live day.

    Each difference has one cause: data, parameter, human, fill, latency, or it is the consequence
    of an earlier one; what neither run tells stays unexplained. Exit code 1 when they differ.

    Example: tradectl diff session-2026-09-18 latest --all
    """
    import msgspec

    from app.runs.difference import compared_stories

    compared, integrity = compared_stories(first, second, database, runs)
    result = msgspec.to_builtins(compared) | {
        "same_decisions": compared.same_decisions,
        "same_fills": compared.same_fills,
        "causes": dict(compared.causes),
    }
    if not show_all:
        result["differences"] = result["differences"][:1]
    emit(
        result,
        as_json=as_json,
        page=lambda console: _page(console, compared, show_all=show_all),
        integrity=integrity,
    )
    if compared.differences:
        raise typer.Exit(_DIFFERENT)


def _page(console: Console, compared: Comparison, *, show_all: bool) -> None:
    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    say(f"{compared.runs[0]} (first) against {compared.runs[1]} (second), {_days(compared)}")
    if not compared.judged:
        say("A run keeps no verdicts: of what was decided only the approved is compared.")
    compared_in_both = (
        f"{counted(compared.decisions, 'decision')} and "
        f"{counted(compared.fills, 'filled order')} in both"
    )
    decisions = "same decisions" if compared.same_decisions else "other decisions"
    say(f"{decisions}, {'same' if compared.same_fills else 'other'} fills: {compared_in_both}")
    if not compared.differences:
        return
    table = Table("cause", box=None)
    table.add_column("differences", justify="right")
    for cause, count in compared.causes.items():
        table.add_row(cause, figure(count))
    console.print(table)
    say("\nThe first:")
    _full(console, compared.differences[0], compared.runs)
    if show_all:
        console.print(_rows(compared.differences))


def _days(compared: Comparison) -> str:
    days = compared.days[0] if len(compared.days) == 1 else counted(len(compared.days), "day")
    others = f"; left out of one run alone: {counted(len(compared.other_days), 'day')}"
    return days + (others if compared.other_days else "")


def _full(console: Console, difference: Difference, runs: tuple[str, str]) -> None:
    where = f", only in {difference.only_in}" if difference.only_in else ""
    console.print(
        f"{new_york(difference.ts)}  {difference.kind}  {difference.what}{where}",
        highlight=False,
        markup=False,
    )
    console.print(f"[bold]{difference.cause}[/]: {escape(difference.because)}", highlight=False)
    table = Table("", *(escape(name) for name in runs), box=None)
    for each in difference.values:
        table.add_row(
            each.name, *(escape(_shown(each.name, side)) for side in (each.first, each.second))
        )
    console.print(table)


def _rows(differences: tuple[Difference, ...]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("time", no_wrap=True)
    for heading in ("what", "cause", "because"):
        table.add_column(heading, overflow="fold")
    for each in differences:
        follows = "" if each.earlier is None else f" (#{each.earlier})"
        table.add_row(
            str(each.number),
            new_york(each.ts)[-len("HH:MM:SS") :],
            escape(f"{each.kind} {each.what}"),
            each.cause + follows,
            escape(each.because),
        )
    return table


def _shown(name: str, value: Any) -> str:
    match value:
        case list() if name == "time":
            return ", ".join(map(_instant, value))
        case list():
            return ", ".join(map(str, value))
        case str():
            return value
        case _:
            return figure(value)


def _instant(ts: int) -> str:
    """Return a New York time of day to the microsecond."""
    return f"{new_york(ts)[-len('HH:MM:SS') :]}.{ts // 1_000 % 1_000_000:06}"
