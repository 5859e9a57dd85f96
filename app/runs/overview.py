"""Runs in their directories, and those of a database: listed, shown, compared, removed."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from app.markets import MarketName
from app.runs.integrity import told, worst
from app.runs.kept_runs import DEFAULT_DATABASE, Kept, KeptInDirectory, kept_run, kept_runs
from app.runs.verdict_file import report_file
from engine.accounting import keep_accounts, performance
from engine.domain.counted import counted
from engine.domain.facts import EnsembleChanged, RunEnded, RunStarted
from engine.domain.parameters.versions import desk_history
from engine.journal import Integrity
from store import Run, RunStore, rows_of

IDENTITY = (
    "params_hash",
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

_OF_START = ("params_hash", "code_hash", "engine_version")
_OF_END = ("decision_digest", "fill_digest")

type Row = dict[str, Any]


class RunRow(msgspec.Struct, frozen=True):
    """One run of a list; ``integrity`` as ``--json`` tells it, None without a journal."""

    run_id: str
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


class RunsCompared(msgspec.Struct, frozen=True):
    """What went into two runs and came out of them.

    Attributes
    ----------
    identity : dict
        Both values of what is not the same; ``params`` and ``metrics`` likewise.
    first_different_trade : list of dict or None
        The trades of both at the first place where they part.
    """

    runs: tuple[str, str]
    same: dict[str, bool]
    params: dict[str, list[Any]]
    metrics: dict[str, list[Any]]
    first_different_trade: list[Row | None] | None
    identity: dict[str, list[Any]]

    def as_json(self) -> Row:
        """Return it by name; ``same`` says which of the identity differs."""
        whole = msgspec.structs.asdict(self)
        del whole["identity"]
        return whole


def listed_runs(runs: Path, database: str = DEFAULT_DATABASE) -> RunList:
    """Return the runs of a folder, and the live runs and sessions of a database."""
    rows = tuple(map(_row, kept_runs(runs, database)))
    return RunList(rows, tuple(map(str, RunStore(runs).damaged())))


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
    return RunShown(manifest_of(run), _trades(run), _verified(integrity), report), integrity


def compared_runs(
    runs: Path, first: str, second: str, database: str = DEFAULT_DATABASE
) -> tuple[RunsCompared, Integrity | None]:
    """Return how two runs differ; raises as ``kept_run`` does."""
    one, two = (kept_run(name, runs, database) for name in (first, second))
    a, b = manifest_of(one), manifest_of(two)
    same = {key: a[key] == b[key] for key in IDENTITY}
    compared = RunsCompared(
        runs=(one.run_id, two.run_id),
        same=same,
        params=_differences(a["params"], b["params"]),
        metrics=_differences(a["metrics"], b["metrics"]),
        first_different_trade=_first_different(_trades(one), _trades(two)),
        identity={key: [a[key], b[key]] for key, equal in same.items() if not equal},
    )
    return compared, worst(one.integrity(), two.integrity())


def named_runs(runs: Path, names: list[str]) -> list[Run]:
    """Return runs by their names; raises as ``store.RunStore.run`` does."""
    store = RunStore(runs)
    return [store.run(name) for name in names]


def remove_runs(runs: Path, doomed: list[Run]) -> None:
    """Remove runs with everything in them."""
    store = RunStore(runs)
    for run in doomed:
        store.remove(run)


def _row(run: Kept) -> RunRow:
    manifest = manifest_of(run, most=_GLANCE)
    keys = ("run_id", "status", "note", "start", "end", "engine", "fills", "created")
    metrics = manifest["metrics"]
    integrity = run.integrity(most=_GLANCE)
    return RunRow(
        **{key: manifest[key] for key in keys},
        **{name: metrics.get(name) for name in ("trades", "net_pnl", "win_rate")},
        integrity=integrity and told(integrity),
    )


def manifest_of(run: Kept, *, most: int | None = None) -> Row:
    """Return a manifest by name; of a run in a database what its facts tell, ``most`` of them."""
    if isinstance(run, KeptInDirectory):
        return msgspec.to_builtins(run.run.manifest)
    nothing: Row = {
        "catalog": None,
        "data_hash": None,
        "metrics": {},
        "partial": (),
        "params": {},
        "weights": {},
    }
    known = {"run_id": run.run_id, "status": run.row.standing, "note": run.row.note}
    empty = dict.fromkeys(("start", "end", "engine", "fills"), "")
    found = dict.fromkeys(IDENTITY) | nothing | known | empty | {"created": run.created}
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
        history = desk_history(payloads)
        found["params"] = {} if history is None else history.first.model_dump(mode="json")
    return found


def _trades(run: Kept) -> list[Row]:
    table = run.table("trades")
    return [] if table is None else rows_of(table)


def _verified(integrity: Integrity | None) -> str:
    if integrity is None or integrity.detail:
        return "" if integrity is None else f"{integrity.standing}: {integrity.detail}"
    return f"{counted(integrity.seq, 'fact')}, chain whole"


def _differences(one: Row, two: Row) -> dict[str, list[Any]]:
    keys = [*one, *(key for key in two if key not in one)]
    return {key: [one.get(key), two.get(key)] for key in keys if one.get(key) != two.get(key)}


def _first_different(one: list[Row], two: list[Row]) -> list[Row | None] | None:
    """Return the first pair that differs, in what both runs say: older ones say less."""
    said = set(one[0] if one else ()) & set(two[0] if two else ())
    for a, b in zip_longest(one, two):
        if a is None or b is None or any(a[name] != b[name] for name in said):
            return [a, b]
    return None
