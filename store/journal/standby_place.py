"""The place beside a run on PostgreSQL from which a second hub watches the first."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import null, or_, select, update

from engine.domain.errors import JournalError, JournalTaken
from engine.journal import HolderBeat, StandbyBeat, WatchedLease
from store.database.database import Database
from store.database.schema import LEASES
from store.journal.lease import HELD, STOOD, Beats, elapsed_secs, this_process


class StandbyPlace:
    """The one place beside a run from which a standby watches its holder.

    Raises
    ------
    JournalError
        The database does not answer; so do all its methods.
    """

    def __init__(self, database: Database, run_id: str) -> None:
        self._me = this_process()
        self._run_id = run_id
        self._row = LEASES.c.run_id == run_id
        self._mine = self._row, LEASES.c.standby == self._me
        self._beats = Beats(database)
        self._watched = WatchedLease()

    def occupied(self) -> StandbyBeat | None:
        """Return who stands by and how often it has beaten, None while nobody does."""
        found = self._beats.execute(select(*STOOD).where(self._row))
        return None if found is None or found.standby is None else StandbyBeat(*found)

    def take(self, gone: StandbyBeat | None) -> bool:
        """Take the place if it is free, or still that of one who was seen to be gone."""
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415  (a file need not load it)

        mine = insert(LEASES).values(
            run_id=self._run_id,
            epoch=-1,
            beats=0,
            fenced=False,
            standby=self._me,
            standby_beats=1,
        )
        free = LEASES.c.standby.is_(None)
        if gone is not None:
            is_gone = (LEASES.c.standby == gone.standby) & (LEASES.c.standby_beats == gone.count)
            free = or_(free, is_gone)
        again = {"standby": self._me, "standby_beats": LEASES.c.standby_beats + 1}
        taken = mine.on_conflict_do_update(index_elements=[LEASES.c.run_id], set_=again, where=free)
        return self._beats.execute(taken.returning(LEASES.c.run_id)) is not None

    def look(self) -> tuple[HolderBeat, bool]:
        """Beat, and return how the holder stands and whether its term is over.

        Raises
        ------
        JournalTaken
            The place is another's: this process did not beat for long.
        """
        beat = update(LEASES).where(*self._mine).returning(*HELD)
        beat = beat.values(standby_beats=LEASES.c.standby_beats + 1)
        asked = elapsed_secs()
        try:
            found = self._beats.execute(beat)
        except JournalError:
            self._watched.look(None, asked, elapsed_secs())
            raise
        if found is None:
            raise JournalTaken(f"another standby of run {self._run_id} is in this one's place")
        seen = HolderBeat(*found)
        return seen, self._watched.look(seen, asked, elapsed_secs())

    def leave(self) -> None:
        """Give the place up; a database that is away keeps it until the holder misses the beats."""
        with suppress(Exception):
            left = update(LEASES).where(*self._mine).returning(LEASES.c.run_id)
            self._beats.execute(left.values(standby=null()))
        self.close()

    def close(self) -> None:
        """Beat no more, and stay registered."""
        self._beats.close()
