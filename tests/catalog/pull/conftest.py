"""Beside the pull: the look-alike's history on loopback, and what should come out of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog import Catalog, StoredReference
from catalog.pull import PullOrder
from simulator.market_data import Door, routes
from tests.catalog.pull.history import settled
from tests.forked_processes import Child
from tests.simulator.market_data.loopback import KEY, SECRET, Loopback
from tests.simulator.market_data.recorded_day import CLOSE, DAY, MINUTE, record

EVENING = CLOSE + 6 * 60 * MINUTE

KEYS = {"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}

type Line = Callable[..., list[str]]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the catalog of the recorded day, late prints, cancels and corrections included."""
    return record(str(tmp_path_factory.mktemp("recorded")))


@pytest.fixture(scope="session")
def history(recorded: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the same day as history tells it afterwards."""
    return settled(recorded, DAY, tmp_path_factory.mktemp("history"))


@pytest.fixture
def server(recorded: Catalog) -> Iterator[Loopback]:
    """Yield a server of the recorded day, after it."""
    with served(recorded) as loopback:
        yield loopback


def served(catalog: Catalog, door: Door | None = None) -> Loopback:
    """Return a server of a catalog's day, after it."""
    reference = StoredReference(catalog)
    return Loopback(routes(catalog, DAY, lambda: EVENING, reference=reference, door=door))


@pytest.fixture(scope="session")
def symbols(recorded: Catalog) -> tuple[str, ...]:
    """Return every symbol of the day."""
    return tuple(sorted(recorded.tapes(DAY)))


@pytest.fixture
def order(symbols: tuple[str, ...]) -> PullOrder:
    """Return an order of the day's trades."""
    return PullOrder(
        kinds=("trades",),
        symbols=symbols,
        start=DAY,
        end=DAY,
        feed="sip",
        today=DAY.replace(year=2019),
    )


@pytest.fixture
def line(tmp_path: Path, symbols: tuple[str, ...]) -> Line:
    """Return a maker of the arguments of ``tradectl catalog pull`` on the catalog of this test."""

    def make(url: str, *arguments: str) -> list[str]:
        words = ["--start", DAY.isoformat(), "--url", url, "--catalog", str(tmp_path / "catalog")]
        if "--symbols" not in arguments:
            words += ["--symbols", ",".join(symbols)]
        return ["catalog", "pull", *words, "--json", *arguments]

    return make


def ended(process: Child) -> tuple[int, Any, str]:
    """Return a command's exit code, its JSON object and what it said."""
    out, err = process.communicate()
    return process.wait(), json.loads(out) if out else None, err
