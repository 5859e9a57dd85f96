"""How long after a kill a run trades again, started as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import psutil

from benchmarks.live_day import LOOSE
from engine.domain.session import NANOS_PER_SECOND, session
from tests.forked_processes import CONTROL, ROOT, environment
from tests.resume.venue import KEYS, Venue, simulated, until

_HEARD_NS = 600 * NANOS_PER_SECOND
"""How long a process has traded when it is killed: so much it has to be warmed with."""

_LOOK_SECS = 0.1
"""How often is looked whether a bucket has closed: each look takes the simulator from its work."""

_BUCKET_NS = 5 * NANOS_PER_SECOND


def restarts(root: Path, day: date, rounds: int) -> dict[str, float]:
    """Return the seconds from a start to the first bucket that is closed, median of some rounds.

    ``cpu_secs`` is the processor time of the new process in them, which other programs on the
    machine do not lengthen as much.
    """
    secs: list[float] = []
    cpu: list[float] = []
    words = ("--stepped", "--start", "10:00", "--fills", "paper")
    with tempfile.TemporaryDirectory() as place, simulated(root, day, *words) as venue:
        process = _start(venue, Path(place))
        aim = session(day).at("10:00")
        for _ in range(rounds):
            aim = max(aim, venue.now) + _HEARD_NS
            until(lambda aim=aim: venue.now >= aim, "ten minutes of trading")
            _end(process, venue)
            stood, started = venue.now, time.perf_counter()
            process = _start(venue, Path(place))
            while venue.now <= stood + _BUCKET_NS:
                assert process.poll() is None
                time.sleep(_LOOK_SECS)
            secs.append(time.perf_counter() - started)
            used = psutil.Process(process.pid).cpu_times()
            cpu.append(used.user + used.system)
        _end(process, venue)
    return {
        "rounds": rounds,
        "secs": statistics.median(secs),
        "worst_secs": max(secs),
        "cpu_secs": statistics.median(cpu),
    }


def _start(venue: Venue, place: Path) -> subprocess.Popen[bytes]:
    settings = [word for each in LOOSE for word in ("--set", each)]
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "cli.main", "live", "--run", "bench", "--no-view", "--json"),
            *("--database", str(place / "journal.sqlite"), "--runs", str(place / "runs")),
            *settings,
        ],
        cwd=ROOT,
        env=environment()
        | {"TRADECTL_SIM_URL": venue.url}
        | {"APCA_API_KEY_ID": KEYS[0], "APCA_API_SECRET_KEY": KEYS[1]},
        stdout=subprocess.DEVNULL,
    )


def _end(process: subprocess.Popen[bytes], venue: Venue) -> None:
    assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until(lambda: not venue.status()["market_sockets"], "the end of its connection")


if __name__ == "__main__":
    os.environ.update(CONTROL)  # what the simulator goes by, so that it can be asked
    found = restarts(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(found))
