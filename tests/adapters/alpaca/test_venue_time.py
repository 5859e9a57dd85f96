"""A machine whose clock is not the venue's does not begin to trade there."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from starlette.responses import JSONResponse

from adapters.alpaca.endpoints import Venue
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.venue_time import venue_time
from engine.domain.errors import ConfigError
from engine.runtime.live import RunningTime
from tests.adapters.alpaca.scripted_rest import CREDENTIALS, QUICK, RestVenue


def _time_at(paper: RestVenue, ahead_secs: float) -> object:
    """Return what a run would go by at a venue whose clock is ahead of ours."""
    endpoints = replace(paper.endpoints, venue=Venue.PAPER)
    told = datetime.fromtimestamp(time.time() + ahead_secs, UTC).isoformat()
    clock = {"timestamp": told, "is_open": True, "next_open": told, "next_close": told}
    paper.on("GET", "/v2/clock", JSONResponse(clock))

    async def ask() -> object:
        async with AlpacaRest(endpoints, CREDENTIALS, patience=QUICK) as rest:
            return await venue_time(rest, endpoints)

    return asyncio.run(ask())


def test_a_clock_that_is_off_ends_the_start_with_the_remedy() -> None:
    with RestVenue() as paper:
        for ahead_secs in (3_600.0, -3_600.0):
            with pytest.raises(ConfigError, match=r"3[56]\d\d\.\d s off .* set it by NTP"):
                _time_at(paper, ahead_secs)
        assert isinstance(_time_at(paper, 0.0), RunningTime)
