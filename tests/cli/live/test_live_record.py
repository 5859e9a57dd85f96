"""What a live run heard is a day of the catalog afterwards, and the memory of a run cut short."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog import Catalog
from catalog.spool import Spooled
from engine.domain.session import session
from tests.cli.conftest import DAY, Tradectl, eager
from tests.cli.live.live_place import Place, simulated
from tests.cli.live.relayed import relayed
from tests.forked_processes import ForkedProcesses

_STARTS, _KILLED = "15:30", "15:42"


@pytest.fixture(scope="module")
def undisturbed(
    nursery: ForkedProcesses, market: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield where an afternoon was traded and recorded, and how it ended."""
    with simulated(nursery, market, tmp_path_factory.mktemp("undisturbed"), start=_STARTS) as place:
        yield place, place.whole_day("--record")


def test_a_backtest_of_the_recorded_day_decides_what_was_decided_live(
    undisturbed: tuple[Place, dict[str, Any]], tradectl: Tradectl
) -> None:
    place, end = undisturbed
    assert end["candidates"] > 0
    assert end["recorded"].keys() >= {"trades", "quotes"}
    words = ("--catalog", place.recorded, "--date", str(DAY), "--json")
    again = tradectl("backtest", *words, "--runs", place.folder / "again", *eager()).json
    assert again["decision_digest"] == end["decision_digest"]
    assert again["fill_digest"] == end["fill_digest"]
    assert tradectl("catalog", "verify", "--catalog", place.recorded, "--json").code == 0


def test_what_is_recorded_is_what_the_venue_sent(
    undisturbed: tuple[Place, dict[str, Any]], market: Path
) -> None:
    place, end = undisturbed
    start, stop = session(DAY).at(_STARTS), session(DAY).close_ns
    ours, theirs = Catalog(str(place.recorded)), Catalog(str(market))
    names = sorted(theirs.tapes(DAY))
    sent, kept = (each.trades(DAY, names, start + 1, stop) for each in (theirs, ours))
    assert kept.ts_init.tolist() == sent.ts_init.tolist()
    assert kept.price.tolist() == sent.price.tolist()
    assert 0 < len(kept) <= end["recorded"]["trades"]


def test_a_spool_is_cleared_away_when_the_day_is_over(
    undisturbed: tuple[Place, dict[str, Any]],
) -> None:
    place, _ = undisturbed
    assert not place.spool.exists()


def test_over_a_relay_the_same_is_decided_and_the_relay_records_the_same_day(
    undisturbed: tuple[Place, dict[str, Any]],
    nursery: ForkedProcesses,
    market: Path,
    tmp_path: Path,
) -> None:
    kept = tmp_path / "kept"
    with simulated(nursery, market, tmp_path, start=_STARTS) as place:
        with relayed(place, "--record", "--catalog", str(kept)) as relay:
            address = ("--relay", relay.url, "--relay-keys", str(relay.keys_to_steer))
            end = place.whole_day(*address)
        assert relay.process.wait() == 0, relay.process.communicate()[1]
    digests = ("scan_digest", "decision_digest", "fill_digest")
    assert {name: end[name] for name in digests} == {name: undisturbed[1][name] for name in digests}
    ours, theirs = Catalog(str(kept)), Catalog(str(undisturbed[0].recorded))
    names = sorted(theirs.tapes(DAY))
    hours = session(DAY)
    one, other = (
        each.trades(DAY, names, hours.at(_STARTS) + 1, hours.close_ns) for each in (ours, theirs)
    )
    assert len(one) > 0
    assert one.ts_event.tolist() == other.ts_event.tolist()
    assert one.price.tolist() == other.price.tolist()


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(
    undisturbed: tuple[Place, dict[str, Any]],
    nursery: ForkedProcesses,
    market: Path,
    tmp_path: Path,
    tradectl: Tradectl,
) -> None:
    with simulated(nursery, market, tmp_path, start=_STARTS) as place:
        place.turn("pause")
        with place.live("--shadow") as process:
            place.reach(_KILLED, process)
            # what is fetched has no time of arrival, so nothing may be left to fetch
            told = _told_until(market, _KILLED)
            place.wait(process, lambda: _kept_until(place) == told)
            process.kill()
        adopted = tradectl(
            "catalog", "adopt", place.spool, "--catalog", tmp_path / "half", "--json"
        )
        assert adopted.json["run_id"] == f"sim-{DAY}"
        assert adopted.json["reports"][0]["rows_out"] > 0
        place.turn("resume")
        while place.listeners():  # what was granted to the dead is played first
            time.sleep(0.05)
        end = place.whole_day("--shadow", "--record")
    assert end["resumed_at"] > 0
    assert end["scan_digest"] == undisturbed[1]["scan_digest"]
    assert end["recorded"]["trades"] == undisturbed[1]["recorded"]["trades"]
    assert not place.spool.exists()
    held = tradectl(
        "journal", "show", f"sim-{DAY}", "--database", place.folder / "journal.sqlite", "--json"
    )
    assert "warm-up" in held.out


def _told_until(market: Path, clock: str) -> tuple[int, int]:
    """Return when the last print and the last quote before an instant of the day arrived."""
    source, hours = Catalog(str(market)), session(DAY)
    span = hours.at(_STARTS), hours.at(clock)
    names = sorted(source.tapes(DAY))
    told = source.trades(DAY, names, *span), source.quotes(DAY, names, *span)
    return max(told[0].ts_init.tolist()), max(told[1].ts_init.tolist())


def _kept_until(place: Place) -> tuple[int, int]:
    """Return the arrival of the last print and the last quote that a run has on the disk."""
    if not place.spool.exists():
        return 0, 0
    spooled = Spooled(place.spool)
    last = [
        max((int(batch.ts_init[-1]) for batch in batches), default=0)
        for batches in (spooled.trades(), spooled.quotes())
    ]
    return last[0], last[1]
