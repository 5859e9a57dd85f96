"""Roof: what a rehearsal looks like while it runs: the live view, and how far the day is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

from cli.clock import new_york
from cli.live_view import LiveScreen
from cli.output import progress_console
from engine.runtime.live import LiveDay, LiveVenue, VenueHealth

_PER_SECOND = 4


class RehearsalScreen:
    """The live view over a bar that fills with the day.

    Attributes
    ----------
    venue : LiveVenue or None
        Known once the day has begun.
    """

    def __init__(self) -> None:
        self.venue: LiveVenue | None = None
        self._starting = Spinner("dots", "starting simulator and strategy; new code is compiled")
        self._live = LiveScreen("rehearsal", sends=True)
        self._day: LiveDay | None = None

    @property
    def health(self) -> VenueHealth | None:
        """What came over the wire so far, None before the beginning."""
        return None if self.venue is None else self.venue.health

    def watch(self, run_id: str, day: LiveDay, venue: LiveVenue) -> None:
        """Begin to look at a day."""
        self._day, self.venue = day, venue
        self._live.watch(run_id, day, venue)

    def __rich__(self) -> RenderableType:
        """Return view and bar."""
        return self._starting if self._day is None else Group(self._live, _bar(self._day))


@contextmanager
def rehearsal_view(*, enabled: bool) -> Iterator[RehearsalScreen]:
    """Show a rehearsal on stderr for as long as it runs, where somebody watches."""
    screen = RehearsalScreen()
    if not enabled or not progress_console.is_terminal:
        yield screen
        return
    with Live(screen, console=progress_console, refresh_per_second=_PER_SECOND, transient=True):
        yield screen


def _bar(day: LiveDay) -> RenderableType:
    hours, end = day.desk.session, day.ends_ns
    is_early = day.desk.history.at(hours.open_ns).warm_premarket
    start = hours.pre_market_ns if is_early else hours.open_ns
    share = min(max(0.0, (day.pulse.now() - start) / (end - start)), 1.0)
    row = Table.grid(expand=True, padding=(0, 1))
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True)
    clock = new_york(day.pulse.now())[-len("HH:MM:SS") :]
    row.add_row(f" {clock}", ProgressBar(total=1.0, completed=share), f"{share:.0%} of the day ")
    return row
