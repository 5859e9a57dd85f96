"""``tradectl journal``: the facts of a run, read, followed, checked, replayed, exported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app.clock import new_york
from app.figures import figure
from app.runs.engine_runs import JournalKind, journal_kind
from cli.terminal.integrity import draw
from cli.terminal.options import (
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    RUN_WORDS,
    AsJson,
    Database,
    DatabaseOption,
    JournalName,
    RunsPath,
)
from cli.terminal.output import command, emit, progress_console
from engine.domain.counted import counted
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from engine.domain.facts import Fact
    from reports.fitted_table import FittedTable
    from store import JournalRun

app = typer.Typer(help="Read, follow, check and replay the facts of runs.", no_args_is_help=True)

_HOLDS = {
    JournalKind.COMMANDS: "commands given to it",
    JournalKind.PARAMETERS: "parameter versions",
    JournalKind.ACCESS: "users and sign-ins",
}
"""What a journal holds that is no run."""

_PATH = 20
"""Characters to which the path of an archive may be wrapped."""

Since = Annotated[int, typer.Option(help="Only facts after this one.", min=0)]


@app.command("list")
@command
def list_journals(database: Database = DEFAULT_DATABASE, as_json: AsJson = False) -> None:
    """List the journals of a database, the one started last first.

    A run is `Crashed` when it says `Running` while its writer is gone; the next start seals it.
    Beside the runs stand the commands given to each (RUN/commands) and the versions of the
    parameters; both stay open, so that somebody may add to them.

    Example: tradectl journal list
    """
    from app.journals.read import journal_rows, listed_journals
    from reports.fitted_table import Column, FittedTable

    place, found = listed_journals(database)

    def page(console: Console) -> None:
        if not found:
            console.print(Text(f"no runs in {place}"), soft_wrap=True)
            return
        columns = [
            Column(heading="journal", cells=[run.run_id for run in found]),
            Column(heading="status", cells=[_status(run) for run in found]),
            Column(heading="started", cells=[new_york(run.created_ns) for run in found]),
            Column(heading="facts", cells=[figure(run.facts) for run in found], is_number=True),
            Column(heading="written by", cells=[_writer(run) for run in found]),
        ]
        if any(run.archive for run in found):
            cells = [run.archive or "–" for run in found]
            columns.append(Column(heading="archived in", cells=cells, least=_PATH))
        spare = ("written by", "started", "archived in")
        console.print(FittedTable(columns, spare), highlight=False)

    emit({"runs": journal_rows(database)}, as_json=as_json, page=page)


@app.command()
@command
def show(
    name: JournalName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    *,
    since: Since = 0,
    kind: Annotated[
        list[str] | None, typer.Option(help="Only facts of this kind; may be repeated.")
    ] = None,
    trade: Annotated[str | None, typer.Option(help="Only facts of this trade.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="At most so many.", min=1)] = 100,
    as_json: AsJson = False,
) -> None:
    """Show the facts of a run, the first ones first.

    Example: tradectl journal show latest --kind order_filled
    """
    from app.journals.read import JournalSource, found_facts

    source = JournalSource(name, database, runs)
    found = found_facts(source, since=since, kinds=kind or (), trade=trade, limit=limit)

    def page(console: Console) -> None:
        console.print(_facts_table(found.facts) if found.facts else "no such facts")
        if found.more:
            last = found.facts[-1].seq if found.facts else since
            console.print(f"[dim]and more: --since {last}, or a larger --limit[/]")

    emit(found.as_json(), as_json=as_json, page=page, integrity=found.integrity)


@app.command()
@command
def tail(
    name: JournalName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    *,
    count: Annotated[int, typer.Option("-n", "--count", help="Last facts to show.", min=0)] = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as facts are written, until Ctrl-C.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per fact, a line each.")
    ] = False,
) -> None:
    """Show the last facts of a run, and follow the log as it is written.

    Example: tradectl journal tail --follow
    """
    from app.journals.read import JournalSource, last_facts

    facts, integrity = last_facts(JournalSource(name, database, runs), count, follow=follow)
    if integrity.detail:  # a line of --json is a fact, so this goes beside
        draw(progress_console, integrity)
    console = Console()
    if as_json:
        for row in map(_row, facts):
            _print_line(row)
    elif follow:
        for fact in facts:
            console.print(_line(fact))
    else:
        console.print(_facts_table(list(facts)))


@app.command()
@command
def verify(
    name: JournalName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    *,
    as_json: AsJson = False,
) -> None:
    """Check the chain of a run from its first fact; name the first one that does not hold.

    Exit code 0: whole. 6: broken. 4: there is no such run. 2: it cannot be read.

    Example: tradectl journal verify latest
    """
    import msgspec

    from app.journals.read import JournalSource, verified_chain

    found = verified_chain(JournalSource(name, database, runs))
    broken = found.broken

    def page(console: Console) -> None:
        facts = counted(found.facts, "fact")
        if broken is None:
            whole = f"[green]whole:[/] {facts}, last hash {found.head}"
            console.print(whole, highlight=False, soft_wrap=True)
            return
        what = broken.damage.replace("_", " ")
        detail = escape(broken.detail)
        console.print(f"[bold red]broken:[/] fact {broken.seq} is {what}: {detail}")
        console.print(f"{facts} before it are whole; restore the journal from a backup")

    emit(msgspec.to_builtins(found), as_json=as_json, page=page)
    if broken is not None:
        raise typer.Exit(ExitCode.QUARANTINED)


@app.command()
@command
def replay(
    name: JournalName = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    *,
    until: Annotated[
        int | None, typer.Option(help="Last fact to take in; without it, all.", min=0)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fold a run's facts anew and show what follows: cash, positions, trades.

    Example: tradectl journal replay latest --until 500
    """
    from msgspec.structs import asdict

    from app.journals.read import JournalSource, replayed

    found, integrity = replayed(JournalSource(name, database, runs), until)
    result = asdict(found)

    def page(console: Console) -> None:
        table = Table(box=None, show_header=False)
        held = ", ".join(f"{name} {shares:,f}" for name, shares in result["positions"].items())
        for key, value in (result | {"positions": held or "none"}).items():
            table.add_row(key, escape(figure(value)))
        console.print(table)

    emit(result, as_json=as_json, page=page, integrity=integrity)


@app.command()
@command
def export(
    file: Annotated[Path, typer.Argument(help="File to write: .jsonl or .parquet.")],
    name: Annotated[str, typer.Option("--run", help=RUN_WORDS)] = "latest",
    database: DatabaseOption = None,
    runs: RunsPath = DEFAULT_RUNS,
    *,
    as_json: AsJson = False,
) -> None:
    """Write a run's facts, with their hashes, to a file that can be checked without tradectl.

    Example: tradectl journal export facts.jsonl --run latest
    """
    from app.journals.read import JournalSource, exported_journal

    run_id, facts, integrity = exported_journal(JournalSource(name, database, runs), file)
    result = {"run_id": run_id, "facts": facts, "file": str(file)}
    emit(
        result,
        as_json=as_json,
        page=lambda out: out.print(
            escape(f"wrote {counted(facts, 'fact')} of {run_id} to {file}"), soft_wrap=True
        ),
        integrity=integrity,
    )


def _status(run: JournalRun) -> str:
    """Return how a run stands, or what a journal holds that is none and stays open."""
    holds = _HOLDS.get(journal_kind(run.run_id))
    return run.standing if holds is None or run.is_quarantined else holds


def _writer(run: JournalRun) -> str:
    return f"{run.writer or 'nobody'}{', gone' if run.has_crashed else ''}"


def _row(fact: Fact) -> dict[str, Any]:
    import msgspec

    return msgspec.to_builtins(fact)


def _print_line(row: dict[str, Any]) -> None:
    import json
    import sys

    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def _body(fact: Fact) -> str:
    body = _row(fact)["payload"]
    return ", ".join(f"{key} {_words(value)}" for key, value in body.items() if key != "kind")


def _words(value: Any) -> str:
    """Return a value of a fact without the brackets and quotes of code."""
    match value:
        case dict():
            return " ".join(f"{key} {_words(each)}" for key, each in value.items())  # pyright: ignore[reportUnknownVariableType]
        case list() | tuple():
            return "; ".join(_words(each) for each in value) or "none"  # pyright: ignore[reportUnknownVariableType]
        case _:
            return str(value)


def _line(fact: Fact) -> Text:
    from app.journals.read import kind_of

    moment = new_york(fact.ts_event)
    return Text.assemble(
        (f"{fact.seq:>7}  ", "dim"),
        f"{moment}  ",
        (f"{kind_of(fact):18}", "bold"),
        f"  {_body(fact)}",
    )


def _facts_table(facts: list[Fact]) -> FittedTable:
    from app.journals.read import kind_of
    from reports.fitted_table import fitted_rows

    rows = (
        (
            Text(str(fact.seq), style="dim"),
            new_york(fact.ts_event),
            Text(kind_of(fact), style="bold"),
            _body(fact),
        )
        for fact in facts
    )
    return fitted_rows(
        ("seq", "New York", "kind", "what"), rows, numbers=("seq",), wrapped={"what": 24}
    )
