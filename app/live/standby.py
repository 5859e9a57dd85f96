"""A second hub beside the one that trades: it watches, and says when to take its place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from app.live.request import LiveRequest
from app.live.run import stop_signal
from app.runs.hosted_run import run_name
from app.runs.running import has_ended
from engine.domain.errors import ConfigError, JournalError, JournalTaken
from engine.domain.parameters import Parameters
from engine.domain.session import day_of, session
from engine.journal import BEAT_SECS, HolderBeat
from engine.signals.compiled import load_compiled
from store import Journals, Process, StandbyPlace

_LOOKS_AT_ANOTHER = 6
"""Between two looks at whether a standby that is there already beats: as long as a term."""

_log = logging.getLogger(__name__)

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StandbyEnd:
    """Why a standby watches no more.

    Attributes
    ----------
    takes_over : bool
        Whether the run is to be resumed here.
    lapsed : HolderBeat or None
        The lease of the hub whose place is taken; None where that process is known to be gone.
    has_ended : bool
        Whether the run came to its end.
    """

    run_id: str
    takes_over: bool = False
    lapsed: HolderBeat | None = None
    has_ended: bool = False


async def stand_by(journals: Journals, request: LiveRequest, say: Say) -> StandbyEnd:
    """Watch the hub of a run until its term is over, its run has ended or somebody stops this.

    What a start takes time for is done before: the venue is asked, what is compiled is loaded.

    Raises
    ------
    ConfigError
        The facts are in a file, or another standby is there.
    VenueError
        The venue cannot be reached at the start for as long as was asked for, or refuses us.
    JournalTaken
        Another standby took the place while this one was stopped.
    """
    if journals.database.is_file:
        raise ConfigError(
            f"a standby needs PostgreSQL, found the file {journals.database}: a process that is "
            "stopped can hold a file, and nobody takes its place. Give --database postgresql://…, "
            "or leave --standby out and have the one hub started again when it ends"
        )
    stop, wait = stop_signal(), request.wait
    found = await wait.reached_soon(request.venue.opening)
    hours = session(day_of(found.host_time()))
    stem = f"{request.venue.run_stem}-{hours.day}"
    run_id = request.run_id or await wait.read_soon(
        lambda: run_name(journals, stem, keeps_quarantined=True)
    )
    load_compiled(request.params or Parameters(), hours)
    place, end = StandbyPlace(journals.database, run_id), StandbyEnd(run_id)
    await _take(place, run_id)
    try:
        end = await _Watch(place, journals, run_id, say).until(stop)
    finally:
        if end.takes_over:  # whoever claims the run stands by no longer
            place.close()
        else:
            place.leave()
    return end


async def _take(place: StandbyPlace, run_id: str) -> None:
    """Take the place; one who is there already is given time to beat."""
    there = await asyncio.to_thread(place.occupied)
    for _ in range(_LOOKS_AT_ANOTHER if there else 0):
        await asyncio.sleep(BEAT_SECS)
        if await asyncio.to_thread(place.occupied) != there:
            break
    if not await asyncio.to_thread(place.take, there):
        raise ConfigError(
            f"another standby of run {run_id} is there already: one is enough, end that first"
        )


class _Watch:
    """Looks at the hub of a run twice a second, and says what has changed."""

    def __init__(self, place: StandbyPlace, journals: Journals, run_id: str, say: Say) -> None:
        self._place = place
        self._journals = journals
        self._run_id = run_id
        self._say = say
        self._said = ""

    async def until(self, stop: asyncio.Event) -> StandbyEnd:
        """Watch until there is something to do, or somebody stops it."""
        while not stop.is_set():
            try:
                end = self._judge(*await asyncio.to_thread(self._place.look))
            except JournalTaken:
                raise
            except JournalError as error:
                self._tell(f"the database does not answer, no term ends meanwhile: {error}")
            else:
                if end is not None:
                    return end
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), BEAT_SECS)
        return StandbyEnd(self._run_id)

    def _judge(self, seen: HolderBeat, is_over: bool) -> StandbyEnd | None:  # noqa: FBT001  (of a look)
        run_id, holder = self._run_id, Process.kept(seen.holder)
        if holder is None:
            if has_ended(self._journals, run_id):
                return StandbyEnd(run_id, has_ended=True)
            self._tell(f"no hub trades run {run_id}: 'tradectl live --run {run_id}' starts one")
        elif not is_over:
            self._tell(f"{holder} trades run {run_id}: this one takes over if it stops beating")
        elif seen.is_fenced:
            self._tell(f"{holder} has stopped beating: run {run_id} is taken over")
            return StandbyEnd(run_id, takes_over=True, lapsed=seen)
        elif holder.is_gone():
            self._tell(f"{holder} is gone: run {run_id} is taken over")
            return StandbyEnd(run_id, takes_over=True)
        else:
            self._tell(
                f"{holder} is silent and has never heard of this standby, so it may still send "
                f"exits: if that machine is off for certain, start 'tradectl live --run {run_id}'"
            )
        return None

    def _tell(self, line: str) -> None:
        if line != self._said:
            self._said = line
            _log.warning(line)
            self._say(line)
