"""Whether the tape that an answer is read from is the one that the run traded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

import msgspec

from app.runs.explain.day_tape import WantedCatalog, spool_of
from app.runs.kept_runs import Kept
from catalog import Catalog
from catalog.adopt import is_of_run
from catalog.layout import MANIFEST, partition_folder
from catalog.schema import Kind
from engine.domain.errors import NotFoundError
from engine.domain.facts import DayStarted
from engine.domain.market_data.recorded import letters_read
from engine.domain.session import NANOS_PER_SECOND

_OF_A_DAY = (Kind.TRADES, Kind.QUOTES, Kind.STATUSES)


class TapeAtHand(msgspec.Struct, frozen=True, kw_only=True):
    """Where the prints of an answer come from.

    Attributes
    ----------
    catalog : str or None
        Root of the catalog; None where it is what the run has heard itself.
    is_own : bool or None
        Whether this is the tape that the run traded, by its fingerprint; None where that cannot be
        told, or there is no run.
    note : str
        What to know of it and what to do, empty where there is nothing.
    """

    catalog: str | None
    is_own: bool | None
    note: str


def tape_at_hand(run: Kept | None, wanted: WantedCatalog, days: Iterable[date]) -> TapeAtHand:
    """Return where the days of an answer come from, and whether the run traded just these.

    Raises
    ------
    NotFoundError
        There is no such catalog, or it holds none of the run's days.
    JournalError
        The run's facts cannot be read.
    """
    if spool_of(run) is not None:
        return TapeAtHand(catalog=None, is_own=True, note="")
    place = wanted.of(run)
    if run is None:
        return TapeAtHand(catalog=place, is_own=None, note="")
    market, hashes = wanted.opened(run), _hashes(run)
    found = [_of_day(run, market, wanted, day, hashes.get(day)) for day in days]
    notes = list(dict.fromkeys(note for _, note in found if note))
    own = [is_own for is_own, _ in found]
    return TapeAtHand(
        catalog=place,
        is_own=False if False in own else None if None in own else True,
        note="; ".join(notes),
    )


def _of_day(
    run: Kept, market: Catalog, wanted: WantedCatalog, day: date, traded: str | None
) -> tuple[bool | None, str]:
    """Return whether a stored day is the one that the run traded, and what to know of it."""
    place = wanted.of(run)
    letters = letters_read(market, day, run.letters, run.symbols)
    if not letters:
        raise NotFoundError(
            f"{run.run_id} traded {day}, and {place} holds nothing of it: {_where(run, wanted)}"
        )
    if not traded:
        if traded == "" and is_of_run(market, Kind.TRADES, run.run_id, day):
            return True, ""
        return None, (
            f"{run.run_id} keeps no fingerprint of {day}: whether {place} holds the tape that it "
            f"traded cannot be told; {_where(run, wanted)}"
        )
    if market.data_hash(day, letters) == traded:
        return True, ""
    if place == run.catalog and _is_older(run, market, day, letters):
        return True, ""  # all that is new there is what is known of instruments, of any day
    return False, (
        f"{place} does not hold the tape of {day} that {run.run_id} traded: another, or imported "
        f"anew since; what follows is of the tape there is, {_where(run, wanted)}"
    )


def _where(run: Kept, wanted: WantedCatalog) -> str:
    """Return where else to look."""
    if run.catalog and wanted.of(run) != run.catalog:
        return f"leave --catalog out for the run's own, {run.catalog}"
    if run.catalog:
        return "name the catalog that has it with --catalog, or run the day again"
    return "the run does not say which catalog it had: name it with --catalog"


def _hashes(run: Kept) -> dict[date, str]:
    """Return the fingerprint of each day of a run, empty where it heard the day as it came."""
    return {
        date.fromisoformat(fact.payload.day): fact.payload.data_hash
        for fact in run.journal()[0].facts()
        if isinstance(fact.payload, DayStarted)
    }


def _is_older(run: Kept, market: Catalog, day: date, letters: Iterable[str]) -> bool:
    """Say whether nothing of a day was written in its catalog since the run began."""
    began = datetime.fromtimestamp(run.created_ns / NANOS_PER_SECOND, UTC)
    folders = [partition_folder(kind, day, letter) for kind in _OF_A_DAY for letter in letters]
    kept = [f"{market.root}/{folder}/{MANIFEST}" for folder in folders]
    return all(market.fs.modified(path) < began for path in kept if market.fs.isfile(path))
