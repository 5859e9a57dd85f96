"""The lease of the process that writes a run on PostgreSQL: it beats while the process lives."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import Self

from sqlalchemy import null, update

from engine.domain.errors import JournalTaken
from engine.journal import BEAT_SECS, HeldLease, StandbyBeat
from store.database.database import Database
from store.database.schema import LEASES
from store.journal.lease import ANSWER_SECS, STOOD, Beats, elapsed_secs, this_process

_TAKEN = (
    "run {0} is not this hub's any more: its lease ran out, or another hub has it; nothing leaves "
    "here. Start it again as the standby: tradectl live --standby --run {0}"
)

_log = logging.getLogger(__name__)


class RunLease:
    """The lease of the process that writes a run; it beats in a thread from the start on.

    Raises
    ------
    JournalTaken
        Another process has claimed the run since.
    JournalError
        The database does not answer.
    """

    def __init__(self, database: Database, run_id: str, epoch: int) -> None:
        from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415  (a file need not load it)

        self._run_id = run_id
        self._row = LEASES.c.run_id == run_id, LEASES.c.epoch == epoch
        self._beats = Beats(database)
        began = elapsed_secs()
        first = insert(LEASES).values(
            run_id=run_id,
            epoch=epoch,
            holder=this_process(),
            beats=1,
            fenced=False,
            standby_beats=0,
        )
        again = {"epoch": epoch, "holder": first.excluded.holder, "fenced": False}
        again["beats"] = LEASES.c.beats + 1
        held = self._beats.execute(
            first.on_conflict_do_update(
                index_elements=[LEASES.c.run_id], set_=again, where=LEASES.c.epoch <= epoch
            ).returning(*STOOD)
        )
        if held is None:
            self._beats.close()
            raise JournalTaken(_TAKEN.format(run_id))
        self._held = HeldLease(began)
        self._held.kept(began, said_fenced=False, heard=StandbyBeat(*held))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="lease", daemon=True)
        self._thread.start()

    def why_not(self) -> str | None:
        """Say why no order may leave now, None while one may."""
        if self._held.may_send(elapsed_secs()):
            return None
        return _TAKEN.format(self._run_id)

    def expect_held(self) -> None:
        """Raise unless orders may leave.

        Raises
        ------
        JournalTaken
            The run is another's, or may be.
        """
        if (why := self.why_not()) is not None:
            raise JournalTaken(why)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Beat no more. Whoever ends a run in order gives it back, so that no standby goes on."""
        self._ending.set()
        self._thread.join(2 * ANSWER_SECS)
        if self._thread.is_alive():  # it waits for a server that is away, and goes with the process
            return
        if error is None:
            with suppress(Exception):
                given = update(LEASES).where(*self._row).returning(LEASES.c.beats)
                self._beats.execute(given.values(holder=null(), beats=LEASES.c.beats + 1))
        self._beats.close()

    def _beat_on(self) -> None:
        while not self._ending.wait(BEAT_SECS):
            began = elapsed_secs()
            fenced = self._held.next_beat(began)
            beat = update(LEASES).where(*self._row).returning(*STOOD)
            try:
                found = self._beats.execute(beat.values(beats=LEASES.c.beats + 1, fenced=fenced))
            except Exception as error:  # noqa: BLE001  (whatever it is, it is no beat)
                _log.warning("%s", error, extra={"run_id": self._run_id})
                continue
            if found is None:
                self._held.lose()
                return
            self._held.kept(began, said_fenced=fenced, heard=StandbyBeat(*found))
