"""Who may ask the data API, for what, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from threading import Lock

from starlette.requests import Request

from engine.domain.session import NANOS_PER_SECOND
from simulator.market_data.requests.refusal import Refused

_RECENT_NS = 15 * 60 * NANOS_PER_SECOND


class Plan(StrEnum):
    """What a key has paid for."""

    BASIC = "basic"
    ALGO_TRADER_PLUS = "algo_trader_plus"


LIMITS = {Plan.BASIC: 200, Plan.ALGO_TRADER_PLUS: 10_000}
"""Requests a minute."""

type PlanOf = Callable[[str, str], Plan | None]
"""The plan of a key and its secret, None where they are wrong."""


def anybody(key: str, secret: str) -> Plan | None:
    """Give the full plan to whoever brings a key and a secret."""
    return Plan.ALGO_TRADER_PLUS if key and secret else None


class Visit:
    """One request that was let in.

    Attributes
    ----------
    plan : Plan
        Of the key.
    headers : dict
        The rate limit, as every answer tells it.
    """

    def __init__(self, plan: Plan, headers: dict[str, str]) -> None:
        self.plan = plan
        self.headers = headers

    def feed(self, asked: str | None, end_ns: int | None, now: int) -> tuple[str, int]:
        """Return the feed and the last moment a stretch of history may show.

        Raises
        ------
        Refused
            The plan has no recent data of that feed.
        """
        recent = now - _RECENT_NS
        if self.plan is not Plan.BASIC:
            return asked or "sip", now if end_ns is None else end_ns
        if asked is None:
            asked = "sip" if end_ns is None or end_ns <= recent else "iex"
        if asked == "iex":
            return asked, now if end_ns is None else end_ns
        if end_ns is not None and end_ns > recent:
            raise Refused(403, "subscription does not permit querying recent SIP data", 42210000)
        return asked, recent if end_ns is None else end_ns

    def latest_feed(self, asked: str | None, now: int) -> tuple[str, int]:
        """Return the feed and the last moment an answer about the latest may show.

        Raises
        ------
        Refused
            The plan has no such feed.
        """
        feed = asked or ("iex" if self.plan is Plan.BASIC else "sip")
        if feed == "delayed_sip":
            return feed, now - _RECENT_NS
        if self.plan is Plan.BASIC and feed == "sip":
            raise Refused(403, "subscription does not permit querying recent SIP data", 42210000)
        return feed, now


class Door:
    """Lets requests in by their keys and counts them.

    Parameters
    ----------
    plan_of
        Who is who; by default everybody with a key and a secret has the full plan.
    limits
        Requests in one window, by plan.
    window_secs
        Length of the window; the venue's is a minute.
    wall
        Seconds since 1970; requests are limited by the wall, not by simulated time.
    """

    def __init__(
        self,
        plan_of: PlanOf = anybody,
        limits: Mapping[Plan, int] = LIMITS,
        window_secs: int = 60,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._plan_of = plan_of
        self._limits = limits
        self._window_secs = window_secs
        self._wall = wall
        self._used: dict[str, tuple[int, int]] = {}
        self._lock = Lock()

    def enter(self, request: Request) -> Visit:
        """Let a request in and count it.

        Raises
        ------
        Refused
            The keys are missing or wrong, or were used too often.
        """
        key = request.headers.get("apca-api-key-id", "")
        secret = request.headers.get("apca-api-secret-key", "")
        if not key or not secret:
            raise Refused(401, "unauthorized.")
        plan = self._plan_of(key, secret)
        if plan is None:
            raise Refused(403, "forbidden.")
        limit = self._limits[plan]
        window = int(self._wall()) // self._window_secs
        with self._lock:
            before, used = self._used.get(key, (window, 0))
            used = used + 1 if before == window else 1
            self._used[key] = (window, used)
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - used)),
            "X-RateLimit-Reset": str((window + 1) * self._window_secs),
        }
        if used > limit:
            refused = Refused(429, "too many requests.")
            refused.headers = headers
            raise refused
        return Visit(plan, headers)
