"""Whoever is killed, and whenever: live, simulator, database, together or while another starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.forked_processes import ForkedProcesses
from tests.resume import campaign
from tests.resume.kill_plan import KINDS, Blow, Kill, Moment, Part
from tests.resume.relay import Said
from tests.resume.soak import repeat
from tests.servers import Postgres

_TWICE = "simulator while simulator starts"
_STEPPED = tuple(kind for kind in KINDS if kind in {*KINDS[::2], "simulator", _TWICE})
_PACED = KINDS[1::2]


@pytest.mark.parametrize(("seed", "kinds"), [(0, _STEPPED), (1, _PACED)], ids=["stepped", "paced"])
def test_a_day_goes_on_whoever_is_killed_and_whenever(
    tape: Path, nursery: ForkedProcesses, postgres: Postgres, seed: int, kinds: tuple[str, ...]
) -> None:
    day = campaign.run(seed, postgres, nursery, tape, kinds=kinds)
    assert day.findings == [], f"{repeat(seed, kinds)}\n{day.said}"
    assert day.kills.keys() == {*kinds}


def test_an_entry_filled_in_part_is_given_up_though_its_cancel_died_with_the_simulator(
    tape: Path, nursery: ForkedProcesses, postgres: Postgres
) -> None:
    first = Moment(Said.CANCEL, 1, within=1_000)
    kill = Kill("simulator", Blow((Part.VENUE,), first), (Part.VENUE,))
    day = campaign.run(4, postgres, nursery, tape, kills=[kill])
    assert day.findings == [], day.said
    assert day.cut_short == 1
