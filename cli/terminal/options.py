"""Options that mean the same on every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.runs.kept_runs import DEFAULT_DATABASE

CatalogPath = Annotated[
    str,
    typer.Option(
        "--catalog", envvar="TRADECTL_CATALOG", help="Catalog root: a folder or an fsspec URL."
    ),
]
RunsPath = Annotated[
    Path,
    typer.Option("--runs", envvar="TRADECTL_RUNS", help="Folder that holds the run directories."),
]
ParamsFile = Annotated[
    Path | None,
    typer.Option(
        "--params",
        envvar="TRADECTL_PARAMS",
        help="YAML file with parameters; 'desk' for those that 'tradectl params' shows.",
    ),
]
SetParams = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set one parameter, NAME.KEY=VALUE one of a strategy; may be repeated.",
    ),
]
StrategyNames = Annotated[
    list[str] | None,
    typer.Option(
        "--strategy",
        metavar="NAME",
        help="A strategy by name or module:Class; may be repeated. acceleration by default.",
    ),
]
Weights = Annotated[
    list[str] | None,
    typer.Option(
        "--weight", metavar="NAME=W", help="Weight of one strategy beside others; 1 by default."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on stdout.")]

Database = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="TRADECTL_DATABASE",
        help="Where facts are kept: a SQLite file, or PostgreSQL as postgresql://HOST/DB.",
    ),
]
Balance = Annotated[
    str, typer.Option("--balance", metavar="USD", help="Cash that the account starts with.")
]
Speed = Annotated[
    float | None,
    typer.Option("--speed", min=0.01, help="Times real time; as fast as possible without it."),
]
RunToResume = Annotated[
    str | None,
    typer.Option(
        "--run", help="Name of the run, by default venue and date; an unfinished one is resumed."
    ),
]
View = Annotated[
    bool, typer.Option("--view/--no-view", help="Show radar, position and health as it runs.")
]

RUN_WORDS = "Run id, its beginning, its name, or 'latest'."
"""How a run is named on every command line."""

JournalName = Annotated[str, typer.Argument(metavar="RUN", help=RUN_WORDS)]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="TRADECTL_DATABASE",
        help="SQLite file, or PostgreSQL as postgresql://HOST/DB; else run directories and "
        f"{DEFAULT_DATABASE} are looked in.",
    ),
]
RunOption = Annotated[
    str | None,
    typer.Option(
        "--run", help="Run id, its beginning, its name, or 'latest'; else the last over that day."
    ),
]
SessionName = Annotated[
    str,
    typer.Option(
        "--run", help="Id of a live run or session, its beginning, its name, or 'latest'."
    ),
]
Because = Annotated[
    str, typer.Option("--because", metavar="REASON", help="Why; kept with the change.")
]
Who = Annotated[str, typer.Option("--who", envvar=["TRADECTL_WHO", "USER"], help="Who changes it.")]
Base = Annotated[
    int | None,
    typer.Option(
        "--base",
        metavar="VERSION",
        min=1,
        help="Newest version you have seen; refused if there is a newer one. Else the newest.",
    ),
]

WaitSecs = Annotated[
    float,
    typer.Option(
        "--wait-secs",
        min=0,
        help="How long a start waits for a venue or database that is down, as --wait-secs 300.",
    ),
]

RunTitle = Annotated[
    str | None,
    typer.Option(
        "--name", metavar="NAME", help="What to call the run: a RUN argument takes it, too."
    ),
]
RunTags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Tag the run; may be repeated."),
]

DEFAULT_BALANCE = "100000"
DEFAULT_CATALOG = "data/catalog"
DEFAULT_RUNS = Path("runs")
