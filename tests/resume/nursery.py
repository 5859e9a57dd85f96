"""Beside hop 5: ``tradectl`` processes born of one that has imported all: a start costs no imports.

A child is a process of its own that runs the command line from its first line, and dies of SIGKILL
alone. Whoever runs this file as a module is asked over standard input, a JSON object a line, and
answers in kind; ``Nursery`` is the other side.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import msgpack

from tests.cli.conftest import ROOT, environment

_FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Threads that libraries start on import do not live on in a child."""


class Nursery:
    """Starts processes of ``tradectl`` and waits for their end."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.resume.nursery"],
            cwd=ROOT,
            env=environment() | _FEW_THREADS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, words: list[str], added: Mapping[str, str], said: Path) -> int:
        """Run ``tradectl`` and return its process id; what it says is added to a file."""
        return self._ask({"words": words, "environment": dict(added), "said": str(said)})

    def ended(self, pid: int, *, wait: bool) -> int | None:
        """Return the exit code of a process, negative for a signal, None while it runs."""
        return self._ask({"pid": pid, "wait": wait})

    def _ask(self, asked: dict[str, Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def main() -> None:
    """Serve until nobody asks any more, then let no child live on."""
    living: set[int] = set()
    _prepare()
    # threads of libraries that idle hold nothing that a child could wait for
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    for line in sys.stdin:
        asked = json.loads(line)
        if "words" in asked:
            pid = os.fork()
            if pid == 0:
                _live(asked)
            living.add(pid)
            answer: int | None = pid
        else:
            pid, status = os.waitpid(asked["pid"], 0 if asked["wait"] else os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
            living.discard(pid)
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _prepare() -> None:
    """Import what a live process imports, and load what is compiled."""
    import cli.live_run
    import cli.live_view  # noqa: F401
    from adapters.alpaca.last_ticks import LastTicks
    from adapters.alpaca.wire import FrameDecoder
    from cli.parameters_file import load_parameters
    from engine.domain.session import session
    from engine.pipeline import observe
    from engine.signals import Scanner
    from tests.cli.conftest import DAY

    hours = session(DAY)
    at = {"t": msgpack.Timestamp.from_unix_nano(hours.open_ns + 1), "z": "C", "S": "AAPL"}
    rows: list[dict[str, Any]] = [
        {"T": "q", "bx": "Q", "bp": 10.0, "bs": 100, "ax": "Q", "ap": 10.01, "as": 100, "c": ["R"]},
        {"T": "t", "i": 1, "x": "Q", "p": 10.0, "s": 100, "c": ["@"]},
    ]
    packed = msgpack.packb([{"T": row["T"]} | at | row for row in rows])
    frame = FrameDecoder().decode(packed or b"", hours.open_ns + 2)
    ticks = LastTicks({"AAPL": "C"})
    ticks.want("AAPL")
    assert frame.quotes is not None
    assert frame.trades is not None
    ticks.quotes(frame.quotes)
    ticks.prints(frame.trades)
    scanner = Scanner(load_parameters(None, None), hours, {"AAPL": "C"})
    observe(scanner, [frame.quotes], [frame.trades], hours.open_ns + 60 * 10**9)


def _live(asked: dict[str, Any]) -> None:
    """Become ``tradectl``."""
    from cli.main import main as tradectl

    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for taken, number in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(taken, number)
    os.environ.update(asked["environment"])
    sys.argv = ["tradectl", *asked["words"]]
    code = 1
    try:
        tradectl()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except Exception:  # noqa: BLE001  (what the interpreter does with one that nobody catches)
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
