"""Runs in their directories: listed, shown, compared, removed."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from app.runs.integrity import run_integrity, told, worst
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


def listed_runs(runs: Path) -> RunList:
    """Return the runs of a folder."""
    store = RunStore(runs)
    rows = tuple(map(_row, store.runs()))
    return RunList(rows, tuple(map(str, store.damaged())))


def shown_run(runs: Path, name: str) -> tuple[RunShown, Integrity | None]:
    """Return one run; raises as ``store.RunStore.run`` does."""
    run = RunStore(runs).run(name)
    integrity = run_integrity(run)
    report = str(run.report) if run.report.is_file() else None
    return RunShown(_manifest(run), _trades(run), _verified(integrity), report), integrity


def compared_runs(runs: Path, first: str, second: str) -> tuple[RunsCompared, Integrity | None]:
    """Return how two runs differ; raises as ``store.RunStore.run`` does."""
    store = RunStore(runs)
    one, two = store.run(first), store.run(second)
    a, b = _manifest(one), _manifest(two)
    same = {key: a[key] == b[key] for key in IDENTITY}
    compared = RunsCompared(
        runs=(one.run_id, two.run_id),
        same=same,
        params=_differences(a["params"], b["params"]),
        metrics=_differences(a["metrics"], b["metrics"]),
        first_different_trade=_first_different(_trades(one), _trades(two)),
        identity={key: [a[key], b[key]] for key, equal in same.items() if not equal},
    )
    return compared, worst(run_integrity(one), run_integrity(two))


def named_runs(runs: Path, names: list[str]) -> list[Run]:
    """Return runs by their names; raises as ``store.RunStore.run`` does."""
    store = RunStore(runs)
    return [store.run(name) for name in names]


def remove_runs(runs: Path, doomed: list[Run]) -> None:
    """Remove runs with everything in them."""
    store = RunStore(runs)
    for run in doomed:
        store.remove(run)


def _row(run: Run) -> RunRow:
    manifest = _manifest(run)
    keys = ("run_id", "status", "note", "start", "end", "engine", "fills", "created")
    metrics = manifest["metrics"]
    integrity = run_integrity(run, most=_GLANCE)
    return RunRow(
        **{key: manifest[key] for key in keys},
        **{name: metrics.get(name) for name in ("trades", "net_pnl", "win_rate")},
        integrity=integrity and told(integrity),
    )


def _manifest(run: Run) -> Row:
    return msgspec.to_builtins(run.manifest)


def _trades(run: Run) -> list[Row]:
    table = run.read_table("trades")
    return [] if table is None else rows_of(table)


def _verified(integrity: Integrity | None) -> str:
    if integrity is None or integrity.detail:
        return "" if integrity is None else f"{integrity.standing}: {integrity.detail}"
    return f"{integrity.seq} facts, chain whole"


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
