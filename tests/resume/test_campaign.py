"""Whoever is killed, and whenever: live, simulator, database, together or while another starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nursery import Nursery
from tests.resume import campaign
from tests.resume.kill_plan import KINDS
from tests.resume.soak import repeat
from tests.servers import Postgres

_TWICE = "simulator while simulator starts"
_STEPPED = tuple(kind for kind in KINDS if kind in {*KINDS[::2], "simulator", _TWICE})
_PACED = KINDS[1::2]


@pytest.mark.parametrize(("seed", "kinds"), [(0, _STEPPED), (1, _PACED)], ids=["stepped", "paced"])
def test_a_day_goes_on_whoever_is_killed_and_whenever(
    tape: Path, nursery: Nursery, postgres: Postgres, seed: int, kinds: tuple[str, ...]
) -> None:
    day = campaign.run(seed, postgres, nursery, tape, kinds=kinds)
    assert day.findings == [], f"{repeat(seed, kinds)}\n{day.said}"
    assert day.kills.keys() == {*kinds}
