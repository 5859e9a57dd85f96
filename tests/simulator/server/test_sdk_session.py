"""Clients nobody here wrote trade against the look-alike, unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from catalog import Catalog
from simulator.tape import Mode
from tests.simulator.server.served import Served, setting
from tests.simulator.server.test_trading import OPEN, busy

__all__ = ["busy"]

SESSION = Path(__file__).with_name("sdk_session.py")


def test_alpaca_py_listens_and_trades(market: Catalog, busy: str) -> None:
    playing = setting(mode=Mode.PACED, speed=30.0, start_ns=OPEN, requests=10_000)
    with Served(market, playing) as running:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", str(SESSION), running.address, busy],
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert min(seen["counts"].values()) > 0
    assert seen["events"][:3] == ["pending_new", "new", "fill"], seen["events"]
    assert {"replaced", "canceled"} <= set(seen["events"])
    assert seen["legs"] == ["OrderStatus.HELD", "OrderStatus.HELD"]
    assert seen["position"] == ["PositionSide.LONG", "10"]
    assert seen["new_id"]
    assert (seen["canceled"], seen["other"]) == ([200], True)
    assert seen["positions"] == 0
    assert seen["headline"].startswith("Headline ")
    assert seen["watchlist"] == [busy, "SPY"]
    assert seen["clock"]
    assert (seen["asset"], seen["same_asset"]) == (busy, True)
