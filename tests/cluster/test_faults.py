"""Whatever befalls the parts of a cluster, a day is decided and filled as in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog import Catalog
from catalog.synth import synthesize
from engine.hub import Outcome
from tests.cli.conftest import DAY
from tests.cluster.faulted_day import SETTINGS, FaultedDay, drawn
from tests.forked_processes import ForkedProcesses
from tests.resume.venue import Venue, simulated
from tests.runtime.runs import EAGER, run

_BUCKETS = 390


@pytest.fixture(scope="module")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("market")
    synthesize(Catalog(str(root)), DAY, symbols=60, trades=100_000, seed=5, quotes=True)
    return root


@pytest.fixture
def stepped(small_market: Path) -> Iterator[Venue]:
    with simulated(small_market, DAY, "--stepped") as venue:
        yield venue


@pytest.fixture(scope="module")
def backtest(small_market: Path) -> Outcome:
    ran = run(Catalog(str(small_market)), [DAY], settings=(*EAGER, *SETTINGS))
    return ran.outcome


def test_a_dozen_faults_leave_the_day_as_it_is_without_any(
    small_market: Path,
    backtest: Outcome,
    stepped: Venue,
    nursery: ForkedProcesses,
    tmp_path: Path,
) -> None:
    words = [word for each in EAGER for word in ("--set", each)]
    day = FaultedDay(nursery, tmp_path, stepped, small_market, DAY, 3, words)
    end = asyncio.run(day.run(drawn(12, 12, _BUCKETS, 3)))
    assert len(day.struck) == 12
    assert backtest.days[0].trades
    assert end["decision_digest"] == backtest.decision_digest, day.struck
    assert end["fill_digest"] == backtest.fill_digest, day.struck
    assert day.findings() == []
