"""Around a gap every frame passes once, in order, or is fetched again: without node or socket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.alpaca.data.gap_recovery import UNREAD_AGAIN_NS, GapRecovery, Held, Passage


def passing() -> GapRecovery:
    recovery = GapRecovery()
    assert list(recovery.begin()) == []
    return recovery


def test_at_the_start_frames_wait_for_everybody_to_listen() -> None:
    recovery = GapRecovery()
    assert recovery.is_starting
    assert [recovery.arrived(frame, 5) for frame in ("a", "b")] == [Passage.WAITS] * 2
    assert not recovery.lost(), "nobody has heard anything yet: nothing is fetched for them"
    assert recovery.missed_at_start
    assert list(recovery.begin()) == [Held("a", 5), Held("b", 5)]
    assert recovery.arrived("c", 6) is Passage.DECODE


def test_after_a_gap_frames_wait_until_it_is_fetched() -> None:
    recovery = passing()
    assert recovery.lost()
    assert recovery.is_fetching
    assert recovery.fetch_next()
    assert recovery.arrived("a", 1) is Passage.WAITS
    assert not recovery.fetch_next(), "fetched once, it is whole"
    assert recovery.release() == ([], [Held("a", 1)])
    assert recovery.arrived("b", 2) is Passage.DECODE
    assert (recovery.gaps, recovery.missed_at_start) == (1, False)


def test_a_second_gap_meanwhile_is_fetched_with_what_came_in_between() -> None:
    recovery = passing()
    assert recovery.lost()
    assert recovery.fetch_next()
    recovery.arrived("between", 1)
    assert not recovery.lost(), "who fetches goes on, and fetches anew"
    recovery.arrived("after", 2)
    assert recovery.fetch_next()
    assert not recovery.fetch_next()
    assert recovery.release() == ([Held("between", 1)], [Held("after", 2)])
    assert recovery.lost()
    recovery.arrived("later", 3)
    assert recovery.release() == ([], [Held("later", 3)])


def test_of_a_connection_that_sends_what_cannot_be_read_nothing_more_is_taken() -> None:
    recovery = passing()
    assert recovery.unreadable(1)
    assert recovery.arrived("a", 1) is Passage.DROPPED
    assert recovery.lost()
    assert recovery.arrived("b", 2) is Passage.WAITS
    recovery.release()
    assert not recovery.unreadable(UNREAD_AGAIN_NS), "again so soon: another connection is no help"
    assert recovery.arrived("c", 3) is Passage.DECODE
    assert recovery.unreadable(2 * UNREAD_AGAIN_NS + 1)
    assert recovery.unread == 3


events = st.lists(st.sampled_from(["frame", "lost", "unreadable", "fetched"]), max_size=60)


@given(events=events)
def test_whatever_happens_no_frame_is_lost_twice_told_or_overtaken(events: list[str]) -> None:
    """The oracle numbers frames: what is neither passed nor waiting lies before a fetch."""
    recovery, passed, dropped, fetched, now = passing(), [], set[str](), set[str](), 0
    for number, event in enumerate(events):
        now += UNREAD_AGAIN_NS
        match event:
            case "frame":
                frame = f"{number:03}"
                match recovery.arrived(frame, now):
                    case Passage.DECODE:
                        passed.append(frame)
                    case Passage.DROPPED:
                        dropped.add(frame)
                    case Passage.WAITS:
                        assert recovery.is_fetching
            case "lost":
                recovery.lost()
            case "unreadable" if not recovery.is_fetching:
                assert recovery.unreadable(now)
            case "fetched" if recovery.is_fetching:
                while recovery.fetch_next():
                    fetched |= dropped
                too, later = recovery.release()
                passed += [held.frame for held in (*too, *later)]
            case _:
                pass
    if not recovery.is_fetching:
        recovery.lost()
    assert recovery.fetch_next() or fetched >= dropped
    passed += [held.frame for part in recovery.release() for held in part]
    assert passed == sorted(set(passed))
    sent = {f"{number:03}" for number, event in enumerate(events) if event == "frame"}
    assert set(passed) | dropped == sent
    assert not set(passed) & dropped
