"""``tradectl positions`` as a user runs it, against a running look-alike and against none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog import Catalog
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.tape import Mode
from tests.cli.conftest import DAY
from tests.forked_processes import Answer, ForkedProcesses
from tests.simulator.server.served import ALICE, Served, market_client, setting

OPEN = session(DAY).open_ns + 1_800 * NANOS_PER_SECOND
UNPROTECTED, UNANSWERED = 1, 75


@pytest.fixture
def served(market: Path) -> Iterator[Served]:
    terms = setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN)
    with Served(Catalog(str(market)), terms) as running:
        yield running


def asked(nursery: ForkedProcesses, url: str, place: Path, *options: str) -> Answer:
    keys = {"APCA_API_KEY_ID": ALICE.key, "APCA_API_SECRET_KEY": ALICE.secret}
    return nursery.answer(["positions", *options], keys | {"TRADECTL_SIM_URL": url}, place)


def placed(rest: httpx.Client, symbol: str, **terms: Any) -> dict[str, Any]:
    base = {"symbol": symbol, "qty": "10", "side": "buy", "type": "market", "time_in_force": "day"}
    answer = rest.post("/v2/orders", json=base | terms)
    assert answer.status_code == 200, answer.text
    return answer.json()


def granted(served: Served, secs: int) -> None:
    async def scene() -> None:
        until = OPEN + secs * NANOS_PER_SECOND
        async with market_client(served) as data:
            reached = 0
            while reached < until - NANOS_PER_SECOND:
                _, clock = await data.grant(until)
                reached = clock["t"].seconds * NANOS_PER_SECOND + NANOS_PER_SECOND

    asyncio.run(scene())


def test_positions_are_flat_then_unprotected_then_covered_as_the_venue_has_it(
    nursery: ForkedProcesses, served: Served, market: Path, tmp_path: Path
) -> None:
    catalog = Catalog(str(market))
    symbols = [row["symbol"] for row in catalog.instruments.table().to_pylist()]
    batch = catalog.trades(DAY, symbols, OPEN, OPEN + 600 * NANOS_PER_SECOND)
    counts = [(int((batch.symbol_id == n).sum()), name) for n, name in enumerate(batch.symbols)]
    (_, bare), (_, bracketed) = sorted(counts)[-2:]
    url = f"http://{served.address}"
    with served.rest() as rest:
        flat = asked(nursery, url, tmp_path, "--json")
        assert (flat.code, flat.json["positions"]) == (0, []), flat.err
        last = rest.get(f"/v2/stocks/{bracketed}/trades/latest").json()["trade"]["p"]
        legs = {
            "take_profit": {"limit_price": f"{last * 1.5:.2f}"},
            "stop_loss": {"stop_price": f"{last * 0.5:.2f}"},
        }
        name = f"run-1.0.20260918-{bracketed}-100000-entry"
        placed(rest, bracketed, order_class="bracket", client_order_id=name, **legs)
        placed(rest, bare)
        granted(served, 60)
        unprotected = asked(nursery, url, tmp_path, "--json")
        assert unprotected.code == UNPROTECTED, unprotected.err
        by_symbol = {each["symbol"]: each for each in unprotected.json["positions"]}
        assert (by_symbol[bare]["unprotected"], by_symbol[bare]["shares"]) == ("10", "10")
        assert (by_symbol[bracketed]["unprotected"], by_symbol[bracketed]["protected"]) == (
            "0",
            "10",
        )
        covering = [leg for leg in by_symbol[bracketed]["legs"] if leg["covers"] != "0"]
        assert [(leg["role"], leg["status"]) for leg in covering] == [("stop", "held")]
        trail = {"type": "trailing_stop", "side": "sell", "trail_percent": "20"}
        placed(rest, bare, client_order_id="by-hand", **trail)
        granted(served, 120)
        covered = asked(nursery, url, tmp_path)
        assert covered.code == 0, covered.out + covered.err
        assert ("unprotected" in covered.out, covered.out.count("covered")) == (False, 2)
        assert "foreign" in covered.out


def test_a_venue_that_does_not_answer_is_not_flat(nursery: ForkedProcesses, tmp_path: Path) -> None:
    silent = asked(nursery, "http://127.0.0.1:9", tmp_path, "--json")
    assert silent.code == UNANSWERED
    said = json.loads(silent.out)
    assert (said["status"], "secret" in silent.out + silent.err) == ("error", False)
