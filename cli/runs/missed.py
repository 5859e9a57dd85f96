"""``tradectl missed``: rejected candidates that went far, and what stopped each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from app.clock import parse_day
from app.figures import figure
from cli.terminal.data_warnings import say_warnings
from cli.terminal.day_options import MarketOptions
from cli.terminal.narrowing import Workers
from cli.terminal.options import (
    DEFAULT_DATABASE,
    DEFAULT_RUNS,
    AsJson,
    Database,
    ParamsFile,
    RunOption,
    RunsPath,
    SetParams,
)
from cli.terminal.output import emit
from cli.terminal.progress import progress_bar
from cli.terminal.run_catalog import RunCatalog, tape_page, wanted_catalog
from cli.terminal.shared_options import taking
from engine.domain.account import ACCELERATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.runs.explain.missed import Became, MissedAnswer, MissedRow
    from reports.fitted_table import Column

_REASON = 22
"""Characters to which a reason may be wrapped: the longest name of a gate, and more."""


_SHOWN_FEATURES = 6
"""How many of a row's features a page shows; --json has them all."""


@dataclass(frozen=True, kw_only=True)
class MissedOptions(MarketOptions):
    """Where to look, and for whose candidates."""

    catalog: RunCatalog = None  # pyright: ignore[reportIncompatibleVariableOverride]
    params: ParamsFile = None
    set_params: SetParams = None
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            "--strategy",
            metavar="NAME",
            help="Candidates of this strategy of the run alone; may be repeated.",
        ),
    ] = None
    workers: Workers = 2
    as_json: AsJson = False


@taking(MissedOptions)
def missed(
    options: MissedOptions,
    top: Annotated[int, typer.Option("--top", min=1, help="How many to show.")] = 10,
    run: RunOption = None,
    day: Annotated[
        str | None,
        typer.Option("--date", help="New York date; all days of the run by default."),
    ] = None,
    horizon: Annotated[
        int, typer.Option("--horizon", min=1, help="Seconds to look ahead, within the session.")
    ] = 1_800,
    runs: RunsPath = DEFAULT_RUNS,
    database: Database = DEFAULT_DATABASE,
) -> None:
    """Show rejected candidates with the largest favourable excursion afterwards.

    Looks at buckets that one gate of acceleration alone kept from being raised and, given a run, at
    candidates of all its strategies that its hub refused, each with its strategy's own features;
    and says what became of every strategy's candidates. A symbol the run entered within the
    horizon was not missed, nor one in a halt. Prints between a halt and its resume are no move
    that anybody could have traded. A live run is asked on what it has heard itself, also while it
    goes on; of a whole market that takes minutes. Its strategies are asked again, for it keeps
    nothing of what they said.

    Example: tradectl missed --top 20 --horizon 600

    Example: tradectl missed --strategy reversion --json
    """
    import msgspec

    from app.runs.explain.missed import MissedQuestion, missed_trades

    question = MissedQuestion(
        run=run,
        day=None if day is None else parse_day(day),
        strategies=tuple(options.strategy or ()),
        horizon_secs=horizon,
        letters=options.only_letters,
        symbols=options.only_symbols,
        catalog=wanted_catalog(options.catalog),
        runs=runs,
        params=options.params,
        settings=options.set_params,
        workers=options.workers,
        top=top,
        database=database,
    )
    found, integrity = missed_trades(question, lambda day: progress_bar(f"scan {day}", "trades"))
    say_warnings(found.warnings)
    emit(
        msgspec.to_builtins(found),
        as_json=options.as_json,
        page=lambda console: _page(console, found),
        integrity=integrity,
    )


def _strength(rows: Sequence[MissedRow]) -> list[Column]:
    """Return how strong each was: by ac_z, and of several strategies by score and whose."""
    from reports.fitted_table import Column

    if all(row.ac_z is not None or row.score is None for row in rows):
        return [Column(heading="ac_z", cells=[figure(row.ac_z) for row in rows], is_number=True)]
    return [
        Column(heading="strategy", cells=[row.strategy_id for row in rows]),
        Column(heading="score", cells=[figure(row.score) for row in rows], is_number=True),
    ]


def _page(console: Console, found: MissedAnswer) -> None:
    from app.clock import new_york
    from engine.decision.plain_reason import codes_in_words
    from reports.fitted_table import Column, FittedTable

    if found.running:
        console.print(f"{found.run_id} still runs: this is as of now", style="yellow")
    tape_page(console, found.tape)
    rows = found.missed
    if [each.strategy_id for each in found.strategies] != [ACCELERATION]:
        for each in found.strategies:
            console.print(_became(each), highlight=False, markup=False)
    if not rows:
        console.print(f"nothing was rejected that moved within {found.horizon_secs} s")
        return
    sides = ["" if row.side > 0 else " short" for row in rows]
    symbols = [f"{row.symbol}{side}" for row, side in zip(rows, sides, strict=True)]
    columns = (
        Column(heading="symbol", cells=symbols),
        Column(heading="bucket", cells=[new_york(row.ts_event) for row in rows]),
        Column(heading="price", cells=[figure(row.price) for row in rows], is_number=True),
        *_strength(rows),
        *_features(rows),
        Column(heading="best %", cells=[f"{row.best_pct:.2f}" for row in rows], is_number=True),
        Column(
            heading="after",
            cells=[f"{round(row.best_after_secs):,} s" for row in rows],
            is_number=True,
        ),
        Column(
            heading="worst %",
            cells=[f"{row.worst_before_pct:.2f}" for row in rows],
            is_number=True,
        ),
        Column(
            heading="stopped by",
            cells=[codes_in_words(f"{row.stopped_by}: {row.detail}") for row in rows],
            least=_REASON,
        ),
    )
    spare = ("features", "price", "ac_z", "score", "worst %", "after")
    console.print(FittedTable(columns, spare), highlight=False)


def _features(rows: Sequence[MissedRow]) -> list[Column]:
    """Return what candidates rested on, where several strategies' rows differ in that."""
    from reports.fitted_table import Column

    if all(row.strategy_id == ACCELERATION for row in rows):
        return []  # what stopped them stands beside them
    cells: list[str] = []
    for row in rows:
        failed = [each for each in row.features if not each.passed]
        listed = [f"{each.name} {figure(each.value)}" for each in failed or row.features]
        if (more := len(listed) - _SHOWN_FEATURES) > 0:
            listed[_SHOWN_FEATURES:] = [f"{more} more"]
        cells.append(", ".join(listed))
    return [Column(heading="features", cells=cells, least=_REASON)]


def _became(each: Became) -> str:
    """Return in a line what a strategy's candidates became."""
    from engine.decision.plain_reason import codes_in_words

    stopped = ", ".join(
        f"{codes_in_words(what)} {count:,}" for what, count in each.stopped_by.items()
    )
    raised = each.unknown if each.raised is None else f"{each.raised:,} raised"
    return (
        f"{each.strategy_id}: {raised}; stopped by {stopped or 'nothing'}; "
        f"{each.approved:,} approved, {each.traded:,} traded"
    )
