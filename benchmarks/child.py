"""Run a command as a child and read off what it cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """One finished child: seconds of wall clock and of CPU, its peak memory, what it printed."""

    wall_secs: float
    cpu_secs: float
    peak_bytes: int
    result: dict[str, Any]


def measure(module: str, *arguments: str) -> Cost:
    """Run ``python -m module`` and return its cost and the JSON object it printed.

    Raises
    ------
    RuntimeError
        The child failed.
    """
    command = [sys.executable, "-m", module, *arguments]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        printed = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {child.returncode}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak, json.loads(printed))
