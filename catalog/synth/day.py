"""A whole synthetic day into the catalog, letter by letter on all cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from datetime import date
from threading import Event, Lock
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from catalog.layout import INVENTORY_FOLDER, partition_folder
from catalog.partition import read_manifest, write_part, write_partition
from catalog.rowgroups import PartFile
from catalog.schema import SCHEMAS, Kind
from catalog.synth.halts import REASON
from catalog.synth.letter import quote_tables, trade_tables
from catalog.synth.plan import DayPlan, plan_day
from catalog.synth.recipe import QUOTED_BELOW, Recipe, usual_accelerations
from engine.domain.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from catalog.store import Catalog

type Progress = Callable[[int, int], None]
"""Called with (rows written, rows expected in all); from several threads, one at a time."""

_KINDS = (Kind.TRADES, Kind.QUOTES, Kind.STATUSES)
_SIDECAR = "synth/date={day}"
_EXPECTED_QUOTES_PER_TRADE = 1.2
_STATUS_DELAY_NS = 2_000_000

ACCELERATIONS = pa.schema(
    [
        pa.field("symbol", pa.string(), nullable=False),
        pa.field("direction", pa.int8(), nullable=False),
        pa.field("start_ns", pa.int64(), nullable=False),
        pa.field("peak_ns", pa.int64(), nullable=False),
        pa.field("magnitude_pct", pa.float64(), nullable=False),
        pa.field("surge", pa.float64(), nullable=False),
        pa.field("prints", pa.int64(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("aftermath_pct", pa.float64(), nullable=False),
    ]
)
"""Columns of the sidecar; see ``Acceleration``."""


class SynthReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was written.

    Attributes
    ----------
    trades, quotes : int
        Rows stored, auctions, official copies, cancels and corrections included.
    size : int
        Bytes of all part files.
    was_stored : bool
        The very same day was there already and nothing was done.
    """

    recipe: Recipe
    trades: int
    quotes: int
    accelerations: int
    halts: int
    letters: int
    size: int
    was_stored: bool
    elapsed_secs: float


def synthesize(
    catalog: Catalog,
    day: date,
    *,
    symbols: int,
    trades: int,
    seed: int,
    quotes: bool | None = None,
    accelerations: int | None = None,
    workers: int = 2,
    replace: bool = False,
    progress: Progress | None = None,
) -> SynthReport:
    """Make a synthetic market day and store its trades, quotes, halts and instruments.

    The day depends on its recipe alone, not on ``workers``. What was planted is kept beside it:
    see ``planted_accelerations``.

    Parameters
    ----------
    trades : int
        Ordinary prints; auctions, official copies, cancels and corrections come on top.
    quotes : bool, optional
        Whether to write quotes; by default on days of fewer than 5 million trades.
    accelerations : int, optional
        How many accelerations to plant at most; by default one for 20 symbols, and at least 30.
    workers : int
        Threads; each takes a letter at a time, the largest first.
    replace : bool
        Make the day anew and replace all that is stored under its date.

    Raises
    ------
    ConfigError
        The exchange is closed on ``day``, a number is out of range, or other data is stored under
        that date and ``replace`` is False.
    RunError
        The disk is full.
    """
    started = time.perf_counter()
    recipe = Recipe(
        day=day,
        symbols=symbols,
        trades=trades,
        accelerations=usual_accelerations(symbols) if accelerations is None else accelerations,
        seed=seed,
        quotes=trades < QUOTED_BELOW if quotes is None else quotes,
    )
    is_stored = not replace and stored_recipe(catalog, day) == recipe
    plan = plan_day(recipe)
    if not is_stored:
        if not replace:
            _refuse_stored_day(catalog, day)
        _write_day(catalog, plan, workers, progress)
    return _report(catalog, plan, was_stored=is_stored, elapsed_secs=time.perf_counter() - started)


def stored_recipe(catalog: Catalog, day: date) -> Recipe | None:
    """Return the recipe of the synthetic day that is stored whole, None if there is none."""
    manifest = read_manifest(catalog.fs, _sidecar(catalog, day))
    if manifest is None:
        return None
    try:
        return msgspec.convert(manifest.meta["recipe"], Recipe)
    except (KeyError, msgspec.ValidationError, ConfigError):
        return None


def planted_accelerations(catalog: Catalog, day: date) -> pa.Table:
    """Return what was planted on a synthetic day (columns of ``ACCELERATIONS``), by start.

    Raises
    ------
    NotFoundError
        The day is not stored, or not synthetic.
    """
    folder = _sidecar(catalog, day)
    if read_manifest(catalog.fs, folder) is None:
        raise NotFoundError(
            f"no synthetic day is stored for {day} in {catalog.root}; "
            f"make one with `tradectl catalog synth {day}`"
        )
    return pa.concat_tables([ACCELERATIONS.empty_table(), *PartFile(catalog.fs, folder).tables()])


def _sidecar(catalog: Catalog, day: date) -> str:
    return f"{catalog.root}/{_SIDECAR.format(day=day)}"


def _remove(catalog: Catalog, path: str) -> None:
    if catalog.fs.exists(f"{catalog.root}/{path}"):
        catalog.fs.rm(f"{catalog.root}/{path}", recursive=True)


def _refuse_stored_day(catalog: Catalog, day: date) -> None:
    stored = [kind for kind in _KINDS if any(d == day for d, _ in catalog.partitions.stored(kind))]
    if stored:
        raise ConfigError(
            f"other {' and '.join(stored)} are stored for {day} in {catalog.root}; choose another "
            "date or catalog, or give --replace"
        )


def _write_day(catalog: Catalog, plan: DayPlan, workers: int, progress: Progress | None) -> None:
    """Write every part of the day; its sidecar goes first and comes last, and so vouches for it."""
    day = plan.recipe.day
    _remove(catalog, _SIDECAR.format(day=day))
    tally = _Tally(plan, progress)
    source = (f"synth {msgspec.json.encode(plan.recipe).decode()}",)
    largest_first = sorted(plan.members, key=lambda letter: -plan.prints_of(letter))

    def write(kind: Kind, letter: str, tables: Iterator[pa.Table]) -> None:
        write_partition(catalog.fs, catalog.root, kind, day, letter, tally.counted(tables), source)

    def write_letter(letter: str) -> None:
        write(Kind.TRADES, letter, trade_tables(plan, letter))
        if plan.recipe.quotes:
            write(Kind.QUOTES, letter, quote_tables(plan, letter))
        statuses = _statuses(plan, letter)
        if statuses.num_rows:
            write(Kind.STATUSES, letter, iter([statuses]))

    with ThreadPoolExecutor(workers, thread_name_prefix="synth") as pool:
        try:
            list(pool.map(write_letter, largest_first))
        except BaseException:
            tally.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    catalog.instruments.add(plan.listed.instruments(), source)
    _remove_leftovers(catalog, plan, source)
    planted = pa.Table.from_pylist([msgspec.to_builtins(a) for a in plan.planted], ACCELERATIONS)
    meta = {"recipe": plan.recipe, "halts": plan.halts}
    write_part(
        catalog.fs,
        _sidecar(catalog, day),
        ACCELERATIONS,
        [planted],
        source=source,
        meta=msgspec.to_builtins(meta),
    )


def _remove_leftovers(catalog: Catalog, plan: DayPlan, source: tuple[str, ...]) -> None:
    """Remove the replaced day's partitions that the new one has no use for."""
    for kind in _KINDS:
        for day, letter in catalog.partitions.stored(kind):
            manifest = catalog.partitions.manifest(kind, day, letter)
            if day == plan.recipe.day and (manifest is None or manifest.source != source):
                partition = partition_folder(kind, day, letter)
                _remove(catalog, f"{INVENTORY_FOLDER}/{partition}")
                _remove(catalog, partition)


def _statuses(plan: DayPlan, letter: str) -> pa.Table:
    """Return the halts and resumes of a letter's symbols, in order of arrival."""
    rows = [
        {
            "symbol": halt.symbol,
            "ts_event": ts,
            "ts_init": ts + _STATUS_DELAY_NS,
            "action": action,
            "reason": REASON,
        }
        for halt in plan.halts
        for ts, action in ((halt.start_ns, "halt"), (halt.end_ns, "resume"))
        if halt.symbol.startswith(letter)
    ]
    ordered = sorted(rows, key=lambda row: (row["ts_init"], row["symbol"]))
    return pa.Table.from_pylist(ordered, SCHEMAS[Kind.STATUSES])


def _report(
    catalog: Catalog, plan: DayPlan, *, was_stored: bool, elapsed_secs: float
) -> SynthReport:
    day = plan.recipe.day
    parts = {
        kind: [catalog.partitions.manifest(kind, day, c) for c in plan.members] for kind in _KINDS
    }
    stored = {kind: [part for part in found if part] for kind, found in parts.items()}
    rows = {kind: sum(part.rows for part in found) for kind, found in stored.items()}
    return SynthReport(
        recipe=plan.recipe,
        trades=rows[Kind.TRADES],
        quotes=rows[Kind.QUOTES],
        accelerations=len(plan.planted),
        halts=len(plan.halts),
        letters=len(plan.members),
        size=sum(part.size for found in stored.values() for part in found),
        was_stored=was_stored,
        elapsed_secs=elapsed_secs,
    )


class _Tally:
    """Progress over all threads, and the word to stop."""

    def __init__(self, plan: DayPlan, progress: Progress | None) -> None:
        self.stop = Event()
        quotes = _EXPECTED_QUOTES_PER_TRADE if plan.recipe.quotes else 0
        self._total = int(plan.recipe.trades * (1 + quotes))
        self._done = 0
        self._lock = Lock()
        self._progress = progress

    def counted(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        for table in tables:
            if self.stop.is_set():
                raise CancelledError
            yield table
            with self._lock:
                self._done += table.num_rows
                if self._progress is not None:
                    self._progress(min(self._done, self._total), self._total)
