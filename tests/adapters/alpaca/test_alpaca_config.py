"""Settings of a connection that cannot work are refused before anything is opened."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.venue import AlpacaVenue
from engine.domain.errors import ConfigError
from tests.adapters.alpaca.orders.live_desk import Watch

RUN = {"run_id": "r1"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sumbols": ["AAPL"]}, "sumbols: Extra inputs"),
        ({"venue": "alpaca-moon"}, "venue: "),
        ({"venue": "alpaca-live", "stepped": True}, "stepped is for alpaca-sim alone"),
        ({"feed": "otc"}, "feed: "),
        ({"api_key": "PK123"}, "api_key: Extra inputs"),
    ],
)
def test_what_is_wrong_is_named(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        AlpacaConfig.of(**(RUN | settings))
    assert "PK123" not in str(refused.value)


def test_the_free_plan_is_explained_before_the_venue_refuses_it() -> None:
    settings = AlpacaConfig.of(**RUN, feed="iex")
    with pytest.raises(ConfigError, match="30 symbols at most, asked for all"):
        AlpacaVenue(settings, Watch(), lambda: 0, credentials=Credentials("k", "s"))
