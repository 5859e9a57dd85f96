"""A live run whose venue sends what no venue should, and whose clock is not the venue's."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.facts import EntriesHeld, EntriesReleased
from engine.domain.session import NANOS_PER_SECOND
from tests.cli.conftest import DAY
from tests.cli.live_place import KEYS, Place, simulated

_PACE = ("--speed", "10")


@pytest.fixture(scope="module")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("catalog")
    synthesize(Catalog(str(root)), DAY, symbols=40, trades=80_000, seed=11, quotes=True)
    return root


def _times(
    place: Place, trouble: str, kind: type[EntriesHeld | EntriesReleased] = EntriesHeld
) -> int:
    payloads = [fact.payload for fact in place.facts()]
    return sum(isinstance(each, kind) and each.trouble == trouble for each in payloads)


def test_flawed_frames_and_a_clock_that_is_off_stop_entries_until_they_are_over(
    small_market: Path, tmp_path: Path
) -> None:
    with simulated(small_market, tmp_path, start="09:50", pace=_PACE) as place:
        process = place.live()
        try:
            place.wait(process, lambda: place.logged("the trouble with feed is over"))
            for flaw, feed in (
                ("nan", "2 price_not_a_number"),
                ("malformed", "a frame could not be read"),
                ("huge", "closed with 1009"),
            ):
                before = _times(place, "orders")
                assert place.steer("chaos/strike", what=flaw)["sockets"] == 2
                place.wait(process, lambda feed=feed: place.logged(feed))
                place.wait(process, lambda before=before: _times(place, "orders") > before)
                place.wait(process, lambda: _over(place))
            place.steer("seek", ts=place.now() + 300 * NANOS_PER_SECOND)
            place.steer("chaos/strike", what="drop")
            place.wait(process, lambda: _times(place, "clock"))
            place.wait(process, lambda: not _open(place) - {"clock"})
            assert place.logged("entries are held: clock: it is more than 20 s behind the venue's")
            process.kill()
            process.communicate()
            process = place.live()
            place.wait(process, lambda: _times(place, "clock", EntriesReleased))
            place.wait(process, lambda: _over(place))
        finally:
            process.kill()
            out, err = process.communicate()
    assert "Traceback" not in err + place.log.read_text()
    written = [path.read_text("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in (*written, out, err) if KEYS[1] in text]


def _over(place: Place) -> bool:
    return not _open(place)


def _open(place: Place) -> set[str]:
    """Return what is wrong now, as the journal has it."""
    wrong: set[str] = set()
    for fact in place.facts():
        if isinstance(fact.payload, EntriesHeld):
            wrong.add(fact.payload.trouble)
        elif isinstance(fact.payload, EntriesReleased):
            wrong.discard(fact.payload.trouble)
    return wrong
