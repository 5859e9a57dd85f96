"""One process of a cluster on this machine: started, watched, started again when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from app.own_process import own_process
from engine.domain.errors import ConfigError, RunError
from engine.domain.exit_codes import ExitCode

_LAST_LINES = 20
_FIRST_PAUSE_SECS, _LONGEST_PAUSE_SECS = 0.1, 5.0
_STEADY_SECS = 30.0
"""Whoever has lived so long is started again at once."""
_STOP_SECS = 15.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCommand:
    """What is to run.

    Attributes
    ----------
    name : str
        Of the node, and of its file of messages.
    arguments : tuple of str
        Of ``tradectl``.
    environment : mapping
        What it has beside ours.
    without : tuple of str
        Variables of ours that it is not given: keys it has no use for.
    """

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    without: tuple[str, ...] = ()


class NodeProcess:
    """Keeps a command running until it ends for good or ``stop`` is called.

    Parameters
    ----------
    command : NodeCommand
    folder : Path
        Of the files that take what it says.
    say : callable
        Shows a line to whoever keeps it running.

    Attributes
    ----------
    starts : int
        How often it was started.
    pid : int or None
        Of the process that runs now.
    answer : dict or None
        The JSON object that it printed last.
    """

    def __init__(
        self, command: NodeCommand, folder: Path, say: Callable[[str], None] = lambda _: None
    ) -> None:
        self.command = command
        self._say = say
        self.starts = 0
        self.pid: int | None = None
        self.answer: dict[str, Any] | None = None
        self.log = folder / f"{command.name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._words = deque[str](maxlen=_LAST_LINES)
        self._stops = False

    async def ready(self) -> dict[str, Any]:
        """Return the first JSON object that it prints: it is there."""
        return await asyncio.shield(self._ready)

    async def run(self) -> int:
        """Return the exit code with which it has ended for good.

        It is started again after a code that says that this may help, or a signal.

        Raises
        ------
        ConfigError, RunError
            It cannot run: its last words say why.
        """
        pause = _FIRST_PAUSE_SECS
        while True:
            began = time.monotonic()
            code = await self._lived()
            if self._stops:
                return code
            if code == ExitCode.DONE:
                return code
            is_known = code in {*ExitCode}
            if is_known and not ExitCode(code).may_restart:
                kind = ConfigError if code == ExitCode.CONFIG else RunError
                error = kind(f"{self.command.name} ended: {self.last_words}")
                if not self._ready.done():
                    self._ready.set_exception(error)
                    self._ready.exception()  # whoever waits is told, nobody has to
                raise error
            if time.monotonic() - began > _STEADY_SECS:
                pause = _FIRST_PAUSE_SECS
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            _log.warning("%s %s and is started again", self.command.name, how)
            self._say(f"{self.command.name} {how} and is started again")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECS)

    @property
    def last_words(self) -> str:
        """What it said last, in one line."""
        return " ".join(" ".join(self._words).split()) or f"see {self.log}"

    async def stop(self) -> None:
        """Ask it to end; it is killed after a while."""
        self._stops = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def _lived(self) -> int:
        """Run it once; return its exit code."""
        self.starts += 1
        self._words.clear()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = self.command
        environment = {
            key: value for key, value in os.environ.items() if key not in command.without
        }
        process = await asyncio.create_subprocess_exec(
            *_command_line("--log-file", f"{self.log}.jsonl", *command.arguments),
            env=environment | dict(command.environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._process, self.pid = process, process.pid
        with self.log.open("ab") as log:
            await asyncio.gather(
                self._listen(process.stdout, log, is_answer=True),
                self._listen(process.stderr, log, is_answer=False),
            )
        code = await process.wait()
        self.pid = None
        return code

    async def _listen(
        self, stream: asyncio.StreamReader | None, log: BinaryIO, *, is_answer: bool
    ) -> None:
        if stream is None:
            return
        while line := await _line(stream):
            log.write(line)
            log.flush()
            if is_answer:
                with contextlib.suppress(msgspec.DecodeError):
                    self.answer = msgspec.json.decode(line, type=dict[str, Any])
                    if not self._ready.done() and self.answer.get("status") != "error":
                        self._ready.set_result(self.answer)
                    continue
            self._words.append(line.decode(errors="replace"))


def _command_line(*arguments: str) -> list[str]:
    return own_process("from cli.main import main; main()", *arguments)


async def _line(stream: asyncio.StreamReader) -> bytes:
    """Return the next line; of one that is longer than any should be, what there is."""
    try:
        return await stream.readline()
    except ValueError:
        return await stream.read(1 << 16)
