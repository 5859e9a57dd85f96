"""Roof: a simulator and a live process on one recorded day, and the backtest they must equal."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from adapters.alpaca import Credentials, Endpoints
from adapters.alpaca.endpoints import SIM_URL
from catalog import Catalog
from cli.live_run import LiveEnd, LiveRequest, Look, live_run
from engine.domain.errors import RunError
from engine.domain.parameters import Parameters
from engine.journal import MemoryJournal
from engine.runtime import Outcome, run_backtest
from store import Journals
from strategies import AoStrategy


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRequest:
    """What was asked for; ``speed`` None is as fast as possible."""

    day: date
    catalog: str
    params: Parameters
    fills: str
    balance: Decimal
    letters: tuple[str, ...]
    symbols: tuple[str, ...]
    speed: float | None
    run_id: str | None
    verdicts: Path


async def rehearsed(
    catalog: Catalog,
    journals: Journals,
    request: RehearsalRequest,
    told: Callable[[str, int], None],
    look: Look,
) -> LiveEnd:
    """Trade a recorded day at a simulator of our own; raises as ``live_run`` does."""
    credentials = Credentials(f"SIM{secrets.token_hex(8).upper()}", secrets.token_hex(20))
    async with _simulator(request, credentials) as url:
        live = LiveRequest(
            endpoints=Endpoints.of("alpaca-sim", {SIM_URL: url}),
            credentials=credentials,
            feed="sip",
            params=request.params,
            letters=request.letters,
            symbols=request.symbols,
            run_id=request.run_id or _new_name(journals, f"rehearsal-{request.day}"),
            sends=True,
            verdicts=request.verdicts,
            market=catalog,
        )
        return await live_run(journals, live, told, look)


def backtested(catalog: Catalog, request: RehearsalRequest) -> Outcome:
    """Backtest the same day with the same parameters, account and fills."""
    return run_backtest(
        catalog,
        [request.day],
        request.params,
        strategy=AoStrategy,
        journal=MemoryJournal(),
        starting_balance=request.balance,
        fills=request.fills,
        letters=request.letters or None,
        symbols=request.symbols or None,
    )


def _new_name(journals: Journals, stem: str) -> str:
    """Return a name that no run has: the simulator of an earlier one is gone."""
    taken, name, number = {run.run_id for run in journals.runs()}, stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


@asynccontextmanager
async def _simulator(request: RehearsalRequest, credentials: Credentials) -> AsyncIterator[str]:
    """Run a simulator that grants time, in a process of its own; yield its address.

    Raises
    ------
    RunError
        It does not start; the message has its last words.
    """
    account = f"{credentials.key_id}:{credentials.secret}:{request.balance}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "sim", "run", "--json", "--stepped", "--port", "0"),
        *("--catalog", request.catalog, "--date", str(request.day), "--fills", request.fills),
        *("--speed", str(request.speed or "max")),
        env=os.environ | {"TRADECTL_SIM_ACCOUNTS": account},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said = await process.stdout.readline() if process.stdout else b""
        if not said.startswith(b"{") or "url" not in (ready := msgspec.json.decode(said)):
            words = (await process.communicate())[1].decode(errors="replace").strip()
            raise RunError(f"the simulator did not start: {words or said.decode()}")
        yield ready["url"]
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()
