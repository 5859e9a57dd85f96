"""What time it is at a venue, and whether it passes by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping

import httpx

from adapters.alpaca.clock_watch import clock_offset
from adapters.alpaca.endpoints import Endpoints, Venue
from adapters.alpaca.http.client import NOT_PROCESSED, root_cause
from adapters.alpaca.http.rest import AlpacaRest
from adapters.transport.connection import unreached
from engine.domain.errors import ConfigError, VenueUnavailable
from engine.domain.session import NANOS_PER_SECOND, day_of, session
from engine.runtime.live import GrantedTime, RunningTime
from engine.tape import CLOCK_OFF_SECS
from serving import NOT_YOURS, control_headers

_QUESTIONS = 5


async def venue_time(rest: AlpacaRest, endpoints: Endpoints) -> RunningTime | GrantedTime:
    """Return the venue's time: the wall's, or a simulator's.

    Raises
    ------
    ConfigError
        The clock of this machine is wrong: every bucket would be. Or no simulator of ours answers.
    VenueError
        The venue does not tell.
    """
    if endpoints.venue is Venue.SIM:
        return await _simulated(endpoints.trading)
    off_secs = abs((await clock_offset(rest, time.time_ns)).certain) / NANOS_PER_SECOND
    if off_secs > CLOCK_OFF_SECS:
        raise ConfigError(
            f"the clock of this machine is {off_secs:.1f} s off the venue's, "
            f"expected at most {CLOCK_OFF_SECS:g} s: set it by NTP"
        )
    return RunningTime()


async def _simulated(url: str) -> RunningTime | GrantedTime:
    try:
        async with httpx.AsyncClient(trust_env=False, verify=url.startswith("https:")) as client:
            answer, at = await _soonest(client, f"{url}/sim/status", control_headers(url))
    except httpx.HTTPError as error:
        asked = (
            "no simulator answers: start one with 'tradectl sim run', or name it in "
            f"TRADECTL_SIM_URL; asked {url}"
        )
        raise unreached(asked, root_cause(error)) from error
    if answer.is_server_error or answer.status_code in NOT_PROCESSED:
        raise VenueUnavailable(f"the simulator at {url} answers HTTP {answer.status_code}")
    is_ours = answer.headers.get("x-simulator") == "tradectl"
    if is_ours and answer.status_code == httpx.codes.UNAUTHORIZED:
        raise ConfigError(NOT_YOURS.format(url=url))
    if not is_ours or not answer.is_success:
        raise ConfigError(
            f"what answers at {url} is no simulator of ours: name it in TRADECTL_SIM_URL"
        )
    standing = answer.json()
    if standing["mode"] == "stepped":
        now = standing["now_ns"]
        return GrantedTime(max(now, session(day_of(now)).pre_market_ns))
    if standing["speed"] == "max":
        raise ConfigError("a simulator without a pace grants no time either: give it --stepped")
    return RunningTime(standing["now_ns"], standing["speed"], at)


async def _soonest(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str]
) -> tuple[httpx.Response, int]:
    """Return the answer that was the least time on its way, and when it was given (monotonic ns).

    What it was on its way is the error of a run's clock, as many times over as time runs faster.
    """
    taken: list[tuple[int, httpx.Response, int]] = []
    for _ in range(_QUESTIONS):
        asked = time.monotonic_ns()
        answer = await client.get(url, headers=headers)
        answered = time.monotonic_ns()
        taken.append((answered - asked, answer, (asked + answered) // 2))
    _, answer, at = min(taken, key=lambda each: each[0])
    return answer, at
