"""``tradectl`` processes forked from a preloaded parent: a start costs no imports.

A child is a process of its own that runs the command line from its first line, and dies of SIGKILL
alone. Whoever runs this file as a module is asked over standard input, a JSON object a line, and
answers in kind; ``ForkedProcesses`` is the other side, ``Child`` what it knows of one process.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn, Self

import msgpack

ROOT = Path(__file__).parents[1]

_FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Threads that libraries start on import do not live on in a child."""

CONTROL = {"TRADECTL_CONTROL_TOKEN": "token-of-every-test-server"}
"""Steers all servers, also one that is reached through something that stands before it."""

_DAY = date(2026, 9, 18)
"""In the years in which most tests trade: making a calendar takes a while."""

_LOOKS_SECS = 0.01
"""How long it takes at most to hear of a process's end."""


def environment() -> dict[str, str]:
    """Return the environment of a user who has set nothing of ours, and keeps what was compiled."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("TRADECTL_")}
    kept |= CONTROL
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


class Child:
    """One process of ``tradectl``, used as a ``subprocess.Popen`` with text pipes is.

    Attributes
    ----------
    returncode : int, optional
        Its exit code once its end was seen, negative for a signal.
    """

    def __init__(self, parent: ForkedProcesses, pid: int, said: tuple[Path, Path]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._parent = parent
        self._said = said

    def poll(self) -> int | None:
        """Return its exit code, None while it runs."""
        if self.returncode is None:
            self.returncode = self._parent.ended(self.pid, wait=False)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code when it has ended; raise TimeoutError after so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
            time.sleep(_LOOKS_SECS)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end and return what it said on its two outputs."""
        self.wait(timeout)
        out, err = (path.read_text(encoding="utf-8") for path in self._said)
        return out, err

    def first_line(self) -> str:
        """Return the first line of its standard output once it is whole; empty if it ended."""
        out, _ = self._said
        is_over = False
        while "\n" not in (said := out.read_text(encoding="utf-8")) and not is_over:
            is_over = self.poll() is not None
            time.sleep(_LOOKS_SECS)
        return said.partition("\n")[0]

    def send_signal(self, number: int) -> None:
        """Send it a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.kill()
        self.wait()


class ForkedProcesses:
    """Starts processes of ``tradectl`` and waits for their end; any thread may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers = count()
        self._folder = tempfile.TemporaryDirectory(prefix="tradectl-said-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked_processes"],
            cwd=ROOT,
            env=environment() | _FEW_THREADS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for whoever asked: children are ended by that
        )

    def child(self, words: Sequence[str | Path], added: Mapping[str, str], cwd: Path) -> Child:
        """Start ``tradectl`` in a folder, with something added to a user's environment."""
        folder, number = Path(self._folder.name), next(self._numbers)
        said = folder / f"{number}.out", folder / f"{number}.err"
        return Child(self, self._start(words, added, cwd, *said), said)

    def answer(self, words: Sequence[str | Path], added: Mapping[str, str], cwd: Path) -> Answer:
        """Run ``tradectl`` as ``child`` does to its end."""
        child = self.child(words, added, cwd)
        out, err = child.communicate()
        return Answer(child.wait(), out, err)

    def start(self, words: list[str], added: Mapping[str, str], said: Path) -> int:
        """Run ``tradectl`` and return its process id; what it says is added to a file."""
        return self._start(words, added, ROOT, said, said)

    def ended(self, pid: int, *, wait: bool) -> int | None:
        """Return the exit code of a process, negative for a signal, None while it runs."""
        return self._ask({"pid": pid, "wait": wait})

    def _start(
        self,
        words: Sequence[str | Path],
        added: Mapping[str, str],
        cwd: Path,
        out: Path,
        err: Path,
    ) -> int:
        for path in (out, err):
            path.touch()
        asked = {"words": [*map(str, words)], "environment": environment() | dict(added)}
        return self._ask(asked | {"cwd": str(cwd), "out": str(out), "err": str(err)})

    def _ask(self, asked: dict[str, Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        with self._lock:
            self._process.stdin.write(f"{json.dumps(asked)}\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._folder.cleanup()


def main() -> None:
    """Serve until nobody asks any more, then let no child live on."""
    living: set[int] = set()
    codes: dict[int, int] = {}
    _prepare()
    gc.freeze()
    # threads of libraries that idle hold nothing that a child could wait for
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    for line in sys.stdin:
        asked = json.loads(line)
        if "words" in asked:
            pid = os.fork()
            if pid == 0:
                _live(asked)
            living.add(pid)
            codes.pop(pid, None)
            answer: int | None = pid
        else:
            if asked["pid"] not in codes:
                pid, status = os.waitpid(asked["pid"], 0 if asked["wait"] else os.WNOHANG)
                if pid:
                    codes[pid] = os.waitstatus_to_exitcode(status)
                    living.discard(pid)
            answer = codes.get(asked["pid"])
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _prepare() -> None:
    """Import what a live process imports, and load what is compiled."""
    import cli
    from adapters.alpaca.data.last_ticks import LastTicks
    from adapters.alpaca.wire import FrameDecoder
    from app.parameters.file import load_parameters
    from engine.domain.session import session
    from engine.pipeline import observe
    from engine.signals import Scanner

    for module in pkgutil.walk_packages(cli.__path__, "cli."):
        importlib.import_module(module.name)
    hours = session(_DAY)
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


def _live(asked: dict[str, Any]) -> NoReturn:
    """Become ``tradectl``."""
    from cli.main import main as tradectl

    nothing = os.open(os.devnull, os.O_RDONLY)
    out, err = (os.open(asked[name], os.O_WRONLY | os.O_APPEND) for name in ("out", "err"))
    for taken, number in ((nothing, 0), (out, 1), (err, 2)):
        os.dup2(taken, number)
        os.close(taken)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["tradectl", *asked["words"]]
    code = 1
    try:
        tradectl()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  (what the interpreter does with one that nobody catches)
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
