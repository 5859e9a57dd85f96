"""A live run whose venue sends what no venue should, and whose clock is not the venue's."""

from __future__ import annotations

from pathlib import Path

from engine.domain.session import NANOS_PER_SECOND
from tests.cli.live.live_facts import LiveFacts
from tests.cli.live.live_place import KEYS, simulated
from tests.forked_processes import ForkedProcesses

_PACE = ("--speed", "10")


def test_flawed_frames_and_a_clock_that_is_off_stop_entries_until_they_are_over(
    nursery: ForkedProcesses, small_market: Path, tmp_path: Path
) -> None:
    with simulated(nursery, small_market, tmp_path, start="09:50", pace=_PACE) as place:
        process, facts = place.live(), LiveFacts(place)
        try:
            place.wait(process, lambda: place.logged("the issue with feed is over"))
            for flaw, feed in (
                ("nan", "2 price_not_a_number"),
                ("malformed", "a frame could not be read"),
                ("huge", "closed with 1009"),
            ):
                before = len(facts.held("orders"))
                assert place.steer("chaos/strike", what=flaw)["sockets"] == 2
                place.wait(process, lambda feed=feed: place.logged(feed))
                place.wait(process, lambda before=before: len(facts.held("orders")) > before)
                place.wait(process, lambda: not facts.wrong())
            place.steer("seek", ts=place.now() + 300 * NANOS_PER_SECOND)
            place.steer("chaos/strike", what="drop")
            place.wait(process, lambda: facts.held("clock"))
            place.wait(process, lambda: "feed" not in facts.wrong())
            assert place.logged("entries are held: clock: it is more than 2 s behind the venue's")
            process.kill()
            process.communicate()
            process = place.live()
            place.wait(process, lambda: facts.released("clock"))
            place.wait(process, lambda: not facts.wrong())
        finally:
            process.kill()
            out, err = process.communicate()
    assert "Traceback" not in err + place.log.read_text()
    written = [path.read_text("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in (*written, out, err) if KEYS[1] in text]
