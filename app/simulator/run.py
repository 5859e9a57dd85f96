"""One simulator from its request to its end."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.backtest.asked_data import data_warnings
from app.backtest.stored_days import stored_day
from app.clock import instant
from catalog import Catalog, StoredReference
from catalog.warnings import DayWarning
from engine.domain.errors import ConfigError
from serving import ControlToken, Policy, listening
from simulator.exchange import fill_mode
from simulator.server import (
    CONTROL_PREFIX,
    Holder,
    Setting,
    app,
    connections,
    holder,
    serve,
)
from simulator.tape import FASTEST, SLOWEST, Mode

FASTEST_WORD = "max"
"""How somebody asks for no limit of speed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimRequest:
    """What was asked for.

    Attributes
    ----------
    day : str or None
        A stored New York date; None for the last one.
    speed : str or None
        Times real time or ``max``; None for 1, or as fast as clients grant with ``stepped``.
    start : str or None
        New York time to begin at.
    accounts : sequence of str
        ``KEY:SECRET[:CASH[:basic]]``; none for the pair of the environment, or a new one.
    requests : int
        An account may make in a minute.
    """

    catalog: str
    day: str | None
    speed: str | None
    stepped: bool
    start: str | None
    fills: str
    host: str
    port: int
    listen_anyway: bool
    allow_hosts: Sequence[str]
    allow_origins: Sequence[str]
    accounts: Sequence[str]
    state: Path | None
    paused: bool
    requests: int
    pdt: bool
    seed: int


_REACHED = ", which may try keys and see yours in the clear; use 127.0.0.1, or say --listen-anyway"


class SimReady(msgspec.Struct, frozen=True):
    """Where a simulator listens, and how it stands; ``accounts`` have a secret if just made up."""

    simulator: str
    url: str
    day: str
    mode: str
    speed: float | str
    fills: str
    now_ns: int
    accounts: list[dict[str, str]]
    token_file: str | None
    warnings: tuple[DayWarning, ...] = ()


def serve_simulator(request: SimRequest, ready: Callable[[SimReady], None]) -> None:
    """Replay a recorded day until the process is told to end.

    Parameters
    ----------
    ready : callable
        Hears once where it listens.

    Raises
    ------
    ConfigError
        Something that was asked for cannot be.
    NotFoundError
        The day is not stored.
    """
    source = Catalog.open(request.catalog)
    day = stored_day(source, request.day)
    holders, told = _holders(request.accounts)
    setting = Setting(
        day=day,
        fills=fill_mode(request.fills),
        holders=holders,
        mode=Mode.STEPPED if request.stepped else Mode.PACED,
        speed=simulated_speed(request.speed, stepped=request.stepped),
        paused=request.paused,
        start_ns=None if request.start is None else instant(request.start, day),
        state=request.state,
        seed=request.seed,
        pdt=request.pdt,
        requests=request.requests,
    )
    host = request.host
    listener = listening(host, request.port, refusal="" if request.listen_anyway else _REACHED)
    with listener, ControlToken.issued(*listener.getsockname()[:2]) as token:
        policy = Policy(
            hosts=(f"[{host}]" if ":" in host else host, *request.allow_hosts),
            origins=tuple(request.allow_origins),
            control_prefix=CONTROL_PREFIX,
            control_token=token.secret,
        )
        reference = StoredReference(source)
        around = connections(source, setting, reference)
        served = app(around, source, setting, reference)

        def listens(url: str) -> None:
            ready(
                SimReady(
                    simulator="tradectl",
                    url=url,
                    day=day.isoformat(),
                    mode=setting.mode.value,
                    speed=FASTEST_WORD if setting.speed is None else setting.speed,
                    fills=request.fills,
                    now_ns=around.venue.now,
                    accounts=told,
                    token_file=None if token.file is None else str(token.file),
                    warnings=data_warnings(source, [day]),
                )
            )

        serve(served, listener, listens, policy)


def simulated_speed(text: str | None, *, stepped: bool) -> float | None:
    """Return times real time, None for as fast as possible; ``ConfigError`` if it is neither."""
    if text is None:
        return None if stepped else 1.0
    if text == FASTEST_WORD:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not SLOWEST <= speed <= FASTEST:
        raise ConfigError(
            f"--speed is {text!r}, expected {SLOWEST:g} to {FASTEST:.0f}, or {FASTEST_WORD}; "
            "'tradectl sim pause' lets time stand"
        )
    return speed


def _holders(accounts: Sequence[str]) -> tuple[tuple[Holder, ...], list[dict[str, str]]]:
    """Return the accounts to open, and what may be told of them: a secret only if just made up."""
    if accounts:
        holders = tuple(holder(text) for text in accounts)
        return holders, [{"key": each.key} for each in holders]
    key, secret = os.environ.get("APCA_API_KEY_ID"), os.environ.get("APCA_API_SECRET_KEY")
    if key and secret:
        return (Holder(key, secret),), [{"key": key}]
    made = Holder(f"SIM{secrets.token_hex(8).upper()}", secrets.token_hex(20))
    return (made,), [{"key": made.key, "secret": made.secret}]
