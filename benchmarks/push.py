"""Live push to many browsers: from a frame that is shown to every browser that has it, in one run.

Three processes: this one shows frames of a whole market, as a live day does; the gateway; and the
browsers, which acknowledge what they get. ``python -m benchmarks.push --clients 50``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from fastapi import FastAPI, Request
from starlette.requests import HTTPConnection
from websockets.asyncio.client import connect

from app.display.publisher import FramePublisher
from engine.display import VERSION, DisplayFrame, FrameHeading
from engine.display.frame import (
    RUNNING,
    BreadthRow,
    BucketRow,
    GovernorRow,
    HealthRow,
    Hours,
    RadarRow,
    ScoreStrip,
    WindowRow,
)
from engine.tape.health import Light
from serving import GuardedConfig, Policy, listening, served
from store import Journals
from web.api.mount import add_api, serving_api
from web.callers import Caller, Rank
from web.places import Places
from web.problems import answer_problems

_RUN, _ROWS, _POINTS, _SYMBOLS = "bench", 50, 36, 11_000
_NS = 1_000_000_000
_ZERO = Decimal(0)


class _Anybody:
    """Lets everybody in."""

    async def caller(self, request: HTTPConnection) -> Caller:  # noqa: ARG002
        return Caller("u", "bench", Rank.VIEWER, "s")

    async def holds(self, caller: Caller) -> bool:  # noqa: ARG002
        return True

    async def stepped_up(self, request: Request, caller: Caller) -> str:  # noqa: ARG002
        return ""


def _row(rank: int, number: int) -> RadarRow:
    ends = tuple(5 * _NS * (number + each) for each in range(_POINTS))
    points = tuple(round(100 + rank + (number + each) / 7, 4) for each in range(_POINTS))
    return RadarRow(
        rank=rank,
        strategy_id="acceleration",
        symbol=f"S{rank}",
        side=1,
        phase="qualified",
        qualified=True,
        ts_event=ends[-1],
        score=4.0 + number / 1000,
        strength=0.5,
        confidence=0.7,
        last=Decimal("101.25"),
        volume=Decimal(1200),
        session_volume=Decimal(120_000),
        sigma_bps=3.2,
        vwap=100.5,
        vwap_slope=0.1,
        spread_bps=1.2,
        features=(),
        window=WindowRow(ends, points, points, points, points),
        verdict=None,
    )


def _frame(number: int, names: tuple[str, ...], scores: bytes) -> DisplayFrame:
    breadth = BreadthRow(
        live=1, rising=1, falling=0, gravity=0.1, indices=(), known=1, beyond=0, threshold=4,
        noise=0.1,
    )  # fmt: skip
    governor = GovernorRow(
        standing="entries allowed", phase="hunting", paused=False, stopped=False, equity=_ZERO,
        cash=_ZERO, realized_pnl=_ZERO, open_pnl=Decimal(number), exposure=0.0, loss_limit=_ZERO,
        profit_target=None, trades=0, max_trades=1, wins=0, max_wins=None, slots_used=0, slots=1,
        entries_from_ns=0, entries_until_ns=0, flatten_ns=0, locked=(), cooling=(), under_way=(),
    )  # fmt: skip
    return DisplayFrame(
        version=VERSION,
        heading=FrameHeading(run_id=_RUN, epoch=0, venue="sim", sends=True),
        number=number,
        status=RUNNING,
        note="",
        ts=time.time_ns(),
        fact_seq=0,
        params_version=1,
        hours=Hours("2026-09-18", 0, 0),
        bucket=BucketRow(number, 5 * _NS, breadth),
        radar=tuple(_row(rank, number) for rank in range(1, _ROWS + 1)),
        strip=ScoreStrip("acceleration", 10, scores, 0, names),
        governor=governor,
        positions=(),
        health=HealthRow(
            worst=Light.GREEN, lines=(), trades=0, quotes=0, gaps=0, skipped=0, requests_left=None
        ),
        issues=(),
        activity=(),
    )


async def _gateway(folder: Path) -> None:
    places = Places(database=str(folder / "facts.sqlite"), runs=folder, catalog=str(folder))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with serving_api(app, places, _Anybody()):
            yield

    app = FastAPI(lifespan=lifespan)
    answer_problems(app)
    add_api(app)
    await served(
        GuardedConfig(app, Policy()),
        listening("127.0.0.1", 0),
        lambda _, port: print(port, flush=True),
    )


async def _browser(port: int, delays: list[float], sizes: list[int]) -> None:
    async with connect(f"ws://127.0.0.1:{port}/api/v1/stream", max_size=None) as socket:
        channels = ["radar", "tape", "governor", "health"]
        await socket.send(json.dumps({"sub": channels, "run": _RUN}))
        async for got in socket:
            now = time.time_ns()
            sizes.append(len(got))
            if isinstance(got, bytes):
                seq, name = int.from_bytes(got[4:8], "little"), "tape"
            else:
                told = msgspec.json.decode(got)
                name, seq = told["ch"], told["seq"]
                if name == "radar" and not told["full"]:
                    delays.append((now - int(told["ts"])) / 1e6)
            await socket.send(json.dumps({"ack": {name: seq}}))


async def _browsers(port: int, clients: int, secs: float) -> None:
    delays: list[float] = []
    sizes: list[int] = []
    tasks = [asyncio.create_task(_browser(port, delays, sizes)) for _ in range(clients)]
    await asyncio.sleep(secs)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    told: dict[str, Any] = {
        "clients": clients,
        "changes": len(delays),
        "median_ms": float(np.median(delays)),
        "p99_ms": float(np.percentile(delays, 99)),
        "raw_bytes_per_sec_a_client": sum(sizes) / secs / clients,
    }
    print(json.dumps(told), flush=True)


def pushed(clients: int, secs: float, each_secs: float) -> dict[str, Any]:
    """Return how long frames take to browsers while one is shown every ``each_secs``."""
    this = [sys.executable, "-m", "benchmarks.push"]
    names = tuple(f"S{k}" for k in range(_SYMBOLS))
    rng = np.random.default_rng(3)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        Journals(folder / "facts.sqlite").start(_RUN).close()
        with FramePublisher(folder / "display", _RUN) as shows:
            shows.slot.put(_frame(1, names, bytes(_SYMBOLS)))
            gateway = subprocess.Popen([*this, "--gateway", place], stdout=subprocess.PIPE)
            assert gateway.stdout is not None
            port = gateway.stdout.readline().decode().strip()
            words = ["--browsers", port, "--clients", str(clients), "--secs", str(secs)]
            browsers = subprocess.Popen([*this, *words], stdout=subprocess.PIPE)
            number = 1
            while browsers.poll() is None:
                number += 1
                scores = rng.integers(-100, 100, _SYMBOLS, np.int8).tobytes()
                shows.slot.put(_frame(number, names, scores))
                time.sleep(each_secs)
            gateway.terminate()
            gateway.wait()
            assert browsers.stdout is not None
            return json.loads(browsers.stdout.read())


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description="Measure live push to many browsers")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--secs", type=float, default=20)
    parser.add_argument("--each-secs", type=float, default=1)
    parser.add_argument("--gateway", type=Path)
    parser.add_argument("--browsers", type=int)
    asked = parser.parse_args()
    if asked.gateway is not None:
        asyncio.run(_gateway(asked.gateway))
    elif asked.browsers is not None:
        asyncio.run(_browsers(asked.browsers, asked.clients, asked.secs))
    else:
        print(json.dumps(pushed(asked.clients, asked.secs, asked.each_secs)))


if __name__ == "__main__":
    main()
