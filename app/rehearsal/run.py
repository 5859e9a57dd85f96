"""A simulator and a live process on one recorded day, and the backtest they must equal."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec

from app.display.folder import display_root
from app.live.request import LiveRequest
from app.live.run import LiveEnd, Look, live_run
from app.markets import simulated_market
from app.own_process import own_process
from app.runs.hosted_run import OnStarted, run_name
from app.runs.start_wait import StartWait
from app.strategies import Hosted, hosted
from catalog import Catalog
from engine.comparison import Judgement, Story
from engine.display import FrameSlot
from engine.domain.errors import RunError
from engine.domain.market_data.recorded import letter_of
from engine.domain.markets.fill_assumptions import BASE, FILL_ASSUMPTIONS
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import ParameterHistory
from engine.hub import Outcome
from engine.journal import MemoryJournal
from engine.runtime import Stage, run_backtest
from engine.runtime.live import LiveDay, LiveVenue, VenueHealth
from store import Journals, RunLabels


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRequest:
    """What was asked for; ``speed`` None is as fast as possible, ``shards`` 0 one process."""

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
    wait: StartWait
    labels: RunLabels = field(default_factory=RunLabels)
    hosted: Hosted = field(default_factory=hosted)
    shards: int = 0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a rehearsal ended, what its feeds were like, and the wall seconds that it took."""

    end: LiveEnd
    health: VenueHealth
    secs: float


async def rehearsed(
    catalog: Catalog,
    journals: Journals,
    request: RehearsalRequest,
    told: OnStarted,
    screens: Sequence[FrameSlot] = (),
) -> Rehearsal:
    """Trade a recorded day at a simulator of our own; raises as ``live_run`` does."""
    began = time.perf_counter()
    venues: list[LiveVenue] = []

    def keep(_run_id: str, _day: LiveDay, venue: LiveVenue) -> None:
        venues.append(venue)

    # the simulator of an earlier rehearsal is gone: none is resumed
    name = request.run_id or await request.wait.read_soon(
        lambda: run_name(journals, f"rehearsal-{request.day}", takes_up=False)
    )
    key_id, secret = f"SIM{secrets.token_hex(8).upper()}", secrets.token_hex(20)
    async with _simulator(request, f"{key_id}:{secret}:{request.balance}") as url:
        live = LiveRequest(
            venue=simulated_market(url, key_id, secret),
            feed="sip",
            params=request.params,
            letters=request.letters,
            symbols=_tradable(catalog, request),
            run_id=name,
            sends=True,
            verdicts=request.verdicts,
            market=catalog,
            wait=request.wait,
            catalog=catalog,
            catalog_root=request.catalog,
            labels=request.labels,
            hosted=request.hosted,
            display=display_root(journals.database),
        )
        if not request.shards:
            end = await live_run(journals, live, told, keep, screens)
        else:
            end = await _among_shards(
                journals, request, live, (url, key_id, secret), told, keep, screens
            )
    return Rehearsal(end, venues[0].health, time.perf_counter() - began)


async def _among_shards(
    journals: Journals,
    request: RehearsalRequest,
    live: LiveRequest,
    simulator: tuple[str, str, str],
    told: OnStarted,
    look: Look,
    screens: Sequence[FrameSlot],
) -> LiveEnd:
    """Trade the day as the hub of a cluster; a shard or relay that cannot run ends it."""
    from app.rehearsal.shards import shards_at

    url, *keys = simulator
    async with shards_at(url, (keys[0], keys[1]), live.feed, request.shards, request.catalog) as at:
        hub = replace(live, relay=at.relay, cluster=at.place)
        running = asyncio.ensure_future(live_run(journals, hub, told, look, screens))
        watching = asyncio.ensure_future(at.processes.first_end())
        await asyncio.wait({running, watching}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            watching.cancel()
            return running.result()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        watching.result()
        raise RunError("a process of the cluster ended before the day was over")


def _tradable(catalog: Catalog, request: RehearsalRequest) -> tuple[str, ...]:
    """Return the symbols asked for that traded that day: the simulator knows no others."""
    if not request.symbols:
        return ()
    stored = catalog.symbols(request.day, {letter_of(each) for each in request.symbols})
    return tuple(each for each in request.symbols if each in stored)


def backtested(
    catalog: Catalog, request: RehearsalRequest, progress: Callable[[float, float], None]
) -> tuple[Outcome, Story]:
    """Backtest the same day with the same parameters and account; return its story, too.

    Fills are the same where a backtest has the model, else those of its base.
    """
    journal = MemoryJournal()

    def on_progress(_day: date, stage: Stage, share: float) -> None:
        half = 50 * share
        progress(half if stage is Stage.SCAN else 50 + half, 100)

    outcome = run_backtest(
        catalog,
        [request.day],
        request.params,
        strategies=request.hosted.strategies,
        ensemble=request.hosted.ensemble,
        make_source=request.hosted.make_source(catalog),
        journal=journal,
        starting_balance=request.balance,
        fills=backtest_fills(request.fills),
        letters=request.letters or None,
        symbols=request.symbols or None,
        on_progress=on_progress,
    )
    judged = [
        msgspec.convert(msgspec.to_builtins(verdict), Judgement)
        for verdict in outcome.days[0].verdicts
    ]
    params = ParameterHistory(request.params)
    return outcome, Story.of("backtest", journal.facts(), judged, params)


def backtest_fills(fills: str) -> str:
    """Return the model of fills for the backtest that is nearest to a simulator's."""
    return fills if fills in FILL_ASSUMPTIONS else BASE.name


@asynccontextmanager
async def _simulator(request: RehearsalRequest, account: str) -> AsyncIterator[str]:
    """Run a simulator that grants time, in a process of its own; yield its address.

    ``account`` is key, secret and balance, with colons between.

    Raises
    ------
    RunError
        It does not start; the message has its last words.
    """
    process = await asyncio.create_subprocess_exec(
        *own_process("from cli.main import main; main()"),
        *("sim", "run", "--json", "--stepped", "--port", "0"),
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
