"""Runs in their directories, and those of a database: listed, shown, removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from app.markets import MarketName
from app.runs.integrity import told
from app.runs.kept_runs import DEFAULT_DATABASE, Kept, KeptInDirectory, kept_run, kept_runs
from app.runs.verdict_file import report_file
from app.runs.went_in import WentIn, differing, went_in
from engine.accounting import keep_accounts, performance
from engine.domain.counted import counted
from engine.domain.ensemble import ACCELERATION_ALONE
from engine.domain.errors import ConfigError, JournalError, NotFoundError
from engine.domain.facts import DayStarted, EnsembleChanged, RunEnded, RunStarted
from engine.domain.session import NANOS_PER_SECOND
from engine.journal import Integrity
from store import Run, RunStore, days_hash, rows_of

IDENTITY = (
    "params_hash",
    "strategies_hash",
    "data_hash",
    "code_hash",
    "engine_version",
    "engine",
    "fills",
    "decision_digest",
    "fill_digest",
)
"""What of a manifest says whether two runs are the same."""

_GLANCE = 5_000
"""Facts of each run that a list of many looks at."""

_OF_START = ("params_hash", "code_hash", "engine_version", "catalog", "letters", "symbols")
_OF_END = ("decision_digest", "fill_digest")

type Row = dict[str, Any]


class RunRow(msgspec.Struct, frozen=True):
    """One run of a list; ``integrity`` as ``--json`` tells it, None without a journal.

    ``differing`` has its values of what is not the same in all runs of the list: parameters, and
    strategies with their weights and parameters; None of what it does not have or know.
    """

    run_id: str
    name: str
    tags: tuple[str, ...]
    status: str
    note: str
    start: str
    end: str
    engine: str
    fills: str
    created: str
    trades: Any
    net_pnl: Any
    win_rate: Any
    integrity: Row | None
    differing: Row


class RunList(msgspec.Struct, frozen=True):
    """The runs of a folder, the one started last first; ``damaged`` says which are unreadable."""

    runs: tuple[RunRow, ...]
    damaged: tuple[str, ...]


class RunShown(msgspec.Struct, frozen=True):
    """One run: its manifest, its trades and what its journal is worth."""

    manifest: Row
    trades: list[Row]
    journal_check: str
    report: str | None

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.manifest["run_id"]

    def as_json(self) -> Row:
        """Return the manifest with the rest beside its own keys."""
        rest = {"trades": self.trades, "journal_check": self.journal_check, "report": self.report}
        return self.manifest | rest


def listed_runs(runs: Path, database: str = DEFAULT_DATABASE, tags: Sequence[str] = ()) -> RunList:
    """Return the runs of a folder, and the live runs and sessions of a database.

    Parameters
    ----------
    tags : sequence of str
        Only runs that have all of these.
    """
    kept = [each for each in kept_runs(runs, database) if set(tags) <= {*each.labels.tags}]
    began = [_went_in(each) for each in kept]
    names = differing(began)
    rows = tuple(
        _row(run, {name: each.params.get(name, each.strategies.get(name)) for name in names})
        for run, each in zip(kept, began, strict=True)
    )
    return RunList(rows, tuple(map(str, RunStore(runs).damaged())))


def known_names(runs: Path, database: str = DEFAULT_DATABASE) -> list[str]:
    """Return the ids of all runs, and what people call them, the one started last first."""
    kept = kept_runs(runs, database)
    return [name for run in kept for name in (run.run_id, run.name) if name]


def shown_run(
    runs: Path, name: str, database: str = DEFAULT_DATABASE
) -> tuple[RunShown, Integrity | None]:
    """Return one run of either; raises as ``kept_run`` does."""
    run = kept_run(name, runs, database)
    integrity = run.integrity()
    report = None
    path = run.run.report if isinstance(run, KeptInDirectory) else report_file(run.run_id, runs)
    if path.is_file():
        report = str(path)
    return RunShown(manifest_of(run), trades_of(run), _verified(integrity), report), integrity


def named_runs(runs: Path, names: list[str], database: str = DEFAULT_DATABASE) -> list[Run]:
    """Return backtests by their names.

    Raises
    ------
    ConfigError
        One is kept in the database, where runs stay. Else raises as ``store.RunStore.run`` does.
    """
    return [_removable(runs, name, database) for name in names]


def _removable(runs: Path, name: str, database: str) -> Run:
    try:
        return RunStore(runs).run(name)
    except NotFoundError as unknown:
        try:
            kept = kept_run(name, runs, database)
        except (NotFoundError, JournalError):
            raise unknown from None
        raise ConfigError(
            f"{kept.run_id} is kept in the database {database}, where runs stay; "
            "'tradectl journal archive' moves the facts of one that has ended to a file"
        ) from None


def remove_runs(runs: Path, doomed: list[Run]) -> None:
    """Remove runs with everything in them."""
    store = RunStore(runs)
    for run in doomed:
        store.remove(run)


def _went_in(run: Kept) -> WentIn:
    """Return what a run began with, nothing of one whose facts cannot be read."""
    try:
        return went_in(run)
    except JournalError:
        return WentIn({}, ACCELERATION_ALONE)


def _row(run: Kept, values: Row) -> RunRow:
    manifest = manifest_of(run, most=_GLANCE)
    keys = (
        "run_id",
        "name",
        "tags",
        "status",
        "note",
        "start",
        "end",
        "engine",
        "fills",
        "created",
    )
    metrics = manifest["metrics"]
    integrity = run.integrity(most=_GLANCE)
    return RunRow(
        **{key: manifest[key] for key in keys},
        **{name: metrics.get(name) for name in ("trades", "net_pnl", "win_rate")},
        integrity=integrity and told(integrity),
        differing=values,
    )


def manifest_of(run: Kept, *, most: int | None = None) -> Row:
    """Return a manifest by name; of a run in a database what its facts tell, ``most`` of them."""
    if isinstance(run, KeptInDirectory):
        began = went_in(run)
        return msgspec.to_builtins(run.run.manifest) | _of_strategies(began)
    nothing: Row = {
        "catalog": None,
        "letters": (),
        "symbols": (),
        "data_hash": None,
        "metrics": {},
        "partial": (),
        "params": {},
        "weights": {},
    }
    known = {"run_id": run.run_id, "status": run.row.standing, "note": run.row.note}
    known |= {"name": run.name, "tags": run.labels.tags}
    empty = dict.fromkeys(("start", "end", "engine", "fills"), "")
    found = dict.fromkeys(IDENTITY) | nothing | known | empty | {"created": _iso(run.created_ns)}
    if most is not None and run.row.facts > most:
        return found
    payloads = [fact.payload for fact in run.facts]
    for payload in payloads:
        if isinstance(payload, RunStarted):
            is_live = payload.fills in list(MarketName)
            found |= {"engine": "live" if is_live else "session", "fills": payload.fills}
            found |= {name: getattr(payload, name) for name in _OF_START}
        elif isinstance(payload, EnsembleChanged) and not found["weights"]:
            found["weights"] = {each.strategy_id: each.weight for each in payload.members}
        elif isinstance(payload, RunEnded):
            found |= {name: getattr(payload, name) for name in _OF_END}
    if payloads:
        found |= {"start": run.start, "end": run.end}
        found["metrics"] = performance(keep_accounts(run.facts).books()).figures()
        began = went_in(run)
        found |= {"params": began.params} | _of_strategies(began)
        hashes = [each.data_hash for each in payloads if isinstance(each, DayStarted)]
        if all(hashes):
            found["data_hash"] = days_hash(hashes)
    return found


def _of_strategies(began: WentIn) -> Row:
    return {"strategies_hash": began.strategies_hash, "strategy_values": began.strategies}


def trades_of(run: Kept) -> list[Row]:
    """Return the rows of its trades, none where it left none."""
    table = run.table("trades")
    return [] if table is None else rows_of(table)


def _verified(integrity: Integrity | None) -> str:
    if integrity is None or integrity.detail:
        return "" if integrity is None else f"{integrity.standing}: {integrity.detail}"
    return f"{counted(integrity.seq, 'fact')}, chain whole"


def _iso(ts: int) -> str:
    """Return an instant (UTC ns) to the millisecond."""
    moment = datetime.fromtimestamp(ts / NANOS_PER_SECOND, tz=UTC)
    return moment.isoformat(timespec="milliseconds")
