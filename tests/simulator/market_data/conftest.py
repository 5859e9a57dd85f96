"""Beside the look-alike: one recorded day, served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from catalog import Catalog, StoredReference
from simulator.market_data import Door, Plan, routes
from tests.simulator.market_data.loopback import SECRET, Loopback
from tests.simulator.market_data.recorded_day import CLOSE, DAY, MINUTE, record


@dataclass
class Hands:
    """Simulated time, as a test sets it."""

    now: int = CLOSE + 30 * MINUTE


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the catalog of the recorded day."""
    return record(str(tmp_path_factory.mktemp("recorded")))


@pytest.fixture(scope="session")
def hands() -> Hands:
    """Return the hands of the session's clock."""
    return Hands()


@pytest.fixture
def now(hands: Hands) -> Iterator[Hands]:
    """Return the hands of the clock; half an hour past the close again after the test."""
    yield hands
    hands.now = Hands().now


@pytest.fixture(scope="session")
def served(market: Catalog, hands: Hands) -> Iterator[Loopback]:
    """Yield the recorded day's routes on a loopback port."""

    def plan_of(key: str, secret: str) -> Plan | None:
        if secret != SECRET:
            return None
        return Plan.BASIC if key == "PKBASIC" else Plan.ALGO_TRADER_PLUS

    reference = StoredReference(market)
    made = routes(market, DAY, lambda: hands.now, reference=reference, door=Door(plan_of))
    with Loopback(made) as server:
        yield server
