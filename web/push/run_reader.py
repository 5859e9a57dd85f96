"""One reader of a run, whoever looks on: its frames and its facts become messages of channels."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from app.display.watched import WatchedRun
from app.journals.read import LOOK_BACK, followed_facts, last_facts
from engine.display import DisplayFrame, with_names_from
from engine.domain.errors import RunError, TradectlError
from web.exact import exact
from web.places import Places
from web.push.channel import Payload, Update, message
from web.push.radar_change import Row, radar_change, radar_rows, whole_radar
from web.push.tape_message import tape_message

_LOOK_SECS = 0.05
_ALIVE_SECS = 1.0
_AGAIN_SECS = 2.0

STATES = ("radar", "tape", "governor", "positions", "health")
"""Channels of a run of which the newest message says everything."""

_log = logging.getLogger(__name__)


class RunReader:
    """Two threads: one looks at the file of frames, one follows the journal.

    Parameters
    ----------
    watched : WatchedRun or None
        None for a run that shows nothing of itself.
    on_update : callable
        Takes a channel's name and what is new, in a thread of the reader.
    on_fact : callable
        Takes number and values of each fact, in order.
    on_names : callable
        Takes names of the tape strip: all of them, in their places.
    """

    def __init__(
        self,
        places: Places,
        run_id: str,
        watched: WatchedRun | None,
        on_update: Callable[[str, Update], None],
        on_fact: Callable[[int, Any], None],
        on_names: Callable[[tuple[str, ...], tuple[str, ...]], None],
    ) -> None:
        self.run_id = run_id
        self._places, self._watched = places, watched
        self._on_update, self._on_fact, self._on_names = on_update, on_fact, on_names
        self._over = Event()
        self._since = 0
        self._last: dict[str, Any] = {}
        self._rows: list[Row] = []
        self._names: tuple[str, ...] = ()
        self._strips: tuple[str, ...] = ()
        self._epoch = -1
        work = [self._follow, *([] if watched is None else [self._watch])]
        self._threads = [Thread(target=each, name=f"push {run_id}", daemon=True) for each in work]

    def look(self) -> None:
        """Tell what there is now: the newest frame and the last facts; it blocks."""
        if self._watched is not None:
            try:
                if (frame := self._watched.newest()) is not None:
                    self._show(frame)
            except TradectlError as error:
                self._changed("health", None, {"status": "Unreadable", "note": str(error)})
        try:
            facts, _ = last_facts(self._places.journal(self.run_id), LOOK_BACK, follow=False)
            for fact in facts:
                self._since = fact.seq
                self._on_fact(fact.seq, exact(fact))
        except TradectlError as error:
            _log.warning("facts of %s cannot be read: %s", self.run_id, error)

    def start(self) -> None:
        """Begin to read on."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Read no more; the threads end within seconds by themselves."""
        self._over.set()

    def _follow(self) -> None:
        while not self._over.is_set():
            try:
                source = self._places.journal(self.run_id)
                for fact in followed_facts(source, self._since, self._over.is_set):
                    self._since = fact.seq
                    self._on_fact(fact.seq, exact(fact))
            except TradectlError as error:
                _log.warning("facts of %s are not followed: %s", self.run_id, error)
                self._over.wait(_AGAIN_SECS)

    def _watch(self) -> None:
        assert self._watched is not None  # noqa: S101  (else there is no such thread)
        looked = 0.0
        while not self._over.wait(_LOOK_SECS):
            try:
                if (frame := self._watched.newest()) is not None:
                    self._show(frame)
                if time.monotonic() - looked >= _ALIVE_SECS:
                    looked = time.monotonic()
                    self._watched.expect_alive()
            except RunError as error:
                self._changed("health", None, {"status": "Crashed", "note": str(error)})
            except TradectlError as error:
                self._changed("health", None, {"status": "Unreadable", "note": str(error)})

    def _show(self, frame: DisplayFrame) -> None:
        """Tell what a frame has that the one before had not."""
        self._tape(frame)
        self._radar(frame)
        self._changed("governor", frame.ts, exact(frame.governor))
        self._changed("positions", frame.ts, exact(frame.positions))
        health = {
            "status": frame.status,
            "note": frame.note,
            "heading": frame.heading,
            "hours": frame.hours,
            "params_version": frame.params_version,
            "health": frame.health,
            "issues": frame.issues,
            "activity": frame.activity,
        }
        self._changed("health", frame.ts, exact(health))

    def _changed(self, channel: str, ts: int | None, data: Any) -> None:
        """Tell a small state whole, unless it is what was told before."""
        if self._last.get(channel) == data:
            return
        self._last[channel] = data

        def whole(seq: int, epoch: str) -> Payload:
            return message(channel, self.run_id, seq, epoch, full=True, ts=_text(ts), data=data)

        self._on_update(channel, Update(whole, whole))

    def _radar(self, frame: DisplayFrame) -> None:
        rows, bucket, ts = radar_rows(frame.radar), exact(frame.bucket), frame.ts
        if self._last.get("radar") == (rows, bucket):
            return
        is_first = "radar" not in self._last
        self._last["radar"] = rows, bucket
        change = radar_change(self._rows, rows)
        self._rows = rows

        def told(seq: int, epoch: str) -> Payload:
            data = change | {"bucket": bucket}
            return message("radar", self.run_id, seq, epoch, full=False, ts=_text(ts), data=data)

        def whole(seq: int, epoch: str) -> Payload:
            data = whole_radar(rows) | {"bucket": bucket}
            return message("radar", self.run_id, seq, epoch, full=True, ts=_text(ts), data=data)

        self._on_update("radar", Update(whole if is_first else told, whole))

    def _tape(self, frame: DisplayFrame) -> None:
        strip, epoch = frame.strip, frame.heading.epoch
        if strip is None:
            return
        if epoch != self._epoch:
            self._epoch, self._names = epoch, ()
        strips = (strip.strategy_id, *(each.strategy_id for each in frame.strips))
        names = self._names[: strip.names_from] + strip.names if strip.names else self._names
        if names != self._names or strips != self._strips:
            self._names, self._strips = names, strips
            self._on_names(names, strips)
        seen = (None if frame.bucket is None else frame.bucket.ts_event, strip.scores)
        if self._last.get("tape") == seen:
            return
        self._last["tape"] = seen
        kept = with_names_from(frame, len(names))
        self._on_update(
            "tape",
            Update(
                lambda seq, _: tape_message(kept, seq, full=False),
                lambda seq, _: tape_message(kept, seq, full=True),
            ),
        )


def _text(ts: int | None) -> str | None:
    return None if ts is None else str(ts)
