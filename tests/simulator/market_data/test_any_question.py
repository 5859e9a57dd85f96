"""Whatever is asked, the answer is JSON and never a server error."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import Catalog, StoredReference
from simulator.market_data import routes
from tests.simulator.market_data.conftest import Hands
from tests.simulator.market_data.loopback import Loopback
from tests.simulator.market_data.recorded_day import DAY

ODD = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "1e9",
        "9" * 40,
        "NaN",
        "null",
        "AAPL",
        "AAPL,QQQ",
        "BRK.B",
        "aapl",
        "A,,B",
        "2018-09-18",
        "2018-09-18T13:30:00Z",
        "2018-09-18T13:30:00.123456789123-04:00",
        "0001-01-01",
        "9999-12-31",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "1899-01-01",
        "2018-13-45",
        "1Min",
        "59T",
        "23Hour",
        "1Week",
        "12Month",
        "iex",
        "otc",
        "delayed_sip",
        "desc",
        "UTC",
        "SETTLEMENT",
        "QUFQTHwxfDE=",
        "QUFQTHx4fDE=",
        "fHw=",
        "%",
        "\u0000",
        "é" * 50,
    ]
)
NAMES = (
    "symbols",
    "start",
    "end",
    "limit",
    "page_token",
    "sort",
    "feed",
    "asof",
    "timeframe",
    "adjustment",
    "currency",
    "types",
    "ca_types",
    "since",
    "until",
    "isins",
    "ids",
    "cusips",
    "tape",
    "top",
    "by",
    "date_type",
    "time",
    "markets",
    "timezone",
    "status",
    "asset_class",
    "exchange",
    "include_content",
)
QUESTIONS = st.dictionaries(st.sampled_from(NAMES), ODD | st.text(max_size=8), max_size=6)


@pytest.fixture(scope="module")
def paths(market: Catalog) -> list[str]:
    made = routes(market, DAY, lambda: Hands().now, reference=StoredReference(market))
    return [route.path.replace(":path", "") for route in made]


@settings(max_examples=200)
@given(st.integers(0, 1000), ODD, QUESTIONS, st.booleans())
def test_no_question_is_answered_with_a_server_error(
    served: Loopback,
    paths: list[str],
    number: int,
    name: str,
    question: dict[str, Any],
    is_sound: bool,  # noqa: FBT001  (drawn)
) -> None:
    path = paths[number % len(paths)]
    if "{" in path:
        word = "AAPL" if is_sound else quote(name or "x", safe="")
        path = f"{path[: path.index('{')]}{word}{path[path.index('}') + 1 :]}"
    sound = {"symbols": "AAPL,QQQ", "timeframe": "1Day"} if is_sound else {}
    answer = served.get(path, **(sound | question))
    assert answer.status_code in (200, 400, 403, 404, 422), (path, question, answer.text)
