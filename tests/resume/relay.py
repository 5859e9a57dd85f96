"""What stands between a live process and its simulator, and counts what they say.

A kill comes at the n-th of something, and the n-th is held here until the kill is done: nothing
depends on how fast the machine is.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, Thread
from typing import Any, Self

type Execution = tuple[str, str, str]

_REQUEST = re.compile(rb"(GET|POST|PATCH|DELETE|PUT) (\S+) HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_COMPRESSION = re.compile(rb"sec-websocket-extensions:[^\r]*\r\n", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
_CHUNK = 65_536


class Said(StrEnum):
    """What is counted.

    ``CALL`` is any request and any new websocket, ``REQUEST`` one that changes an order, ``CANCEL``
    one that ends it, ``ANSWER`` what comes back to that, ``UPDATE`` an order update, ``STEP`` a
    grant of time.
    """

    CALL = "call"
    REQUEST = "request"
    CANCEL = "cancel"
    ANSWER = "answer"
    UPDATE = "update"
    STEP = "step"


@dataclass(eq=False)
class _Line:
    """One connection of the live process, and ours to the simulator.

    Attributes
    ----------
    is_held : bool
        A request waits here that changes an order.
    is_over : bool
        The simulator hung up meanwhile: the request goes to it over another connection.
    """

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    answers: asyncio.StreamReader
    is_held: bool = False
    is_over: bool = False
    renewed: asyncio.Event = field(default_factory=asyncio.Event)
    path: bytes = b""
    changes_order: bytes = b""
    is_socket: bool = False
    frames: bytearray = field(default_factory=bytearray)

    def cut(self) -> None:
        """End both, as the death of either side does."""
        for end in (self.near, self.far):
            end.transport.abort()


class Relay:
    """Passes on what a live process and a simulator say; shut while the simulator is dead.

    Attributes
    ----------
    reached : threading.Event
        Set while something is held.
    counts : Counter of Said
        How often each was said so far.
    answered : list of str
        Ids of the orders whose acceptance the live process was told.
    executed : dict of str to tuple
        Order, shares and price of each execution that it was told, by the execution's id.
    """

    def __init__(self) -> None:
        self.reached = Event()
        self.counts: Counter[Said] = Counter()
        self.answered: list[str] = []
        self.executed: dict[str, Execution] = {}
        self.port = 0
        self._target = 0
        self._aim: dict[Said, int] = {}
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._go_on = asyncio.Event()
        self._go_on.set()
        self._thread = Thread(target=self._loop.run_forever)

    @property
    def url(self) -> str:
        """The simulator, for the live process."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_open(self) -> bool:
        """Whether anybody is listened to."""
        return self._server is not None

    def open(self, target: int) -> None:
        """Listen, for a simulator at a port."""
        self._target = target
        self._done(self._listen())

    def shut(self) -> None:
        """Refuse and cut every connection: the simulator is dead, and so is what it said last."""
        self._done(self._refuse())

    def arm(self, said: Said | None, number: int, steps: int) -> None:
        """Hold the n-th from now on, and with it whatever else is counted, until ``release``.

        Parameters
        ----------
        said : Said, optional
            Without it only the steps are counted.
        steps : int
            After so many steps that one is held: the other will not come any more.
        """
        aim = {Said.STEP: self.counts[Said.STEP] + steps}
        if said is not None:
            aim[said] = self.counts[said] + number
        self._aim = aim

    def release(self, *, drop: bool) -> None:
        """Let what is held go on to where it was going, or cut all connections before that."""
        self._done(self._let_go(drop=drop))

    def hang_up(self) -> None:
        """Cut the websockets alone, as a venue does that hears nothing from one."""
        self._loop.call_soon_threadsafe(self._cut_sockets)

    def _cut_sockets(self) -> None:
        for line in self._lines:
            if line.is_socket:
                line.cut()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done(self._refuse())
        self._done(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _done(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._let_go(drop=True)

    async def _let_go(self, *, drop: bool) -> None:
        self._aim = {}
        self.reached.clear()
        if drop:
            for line in self._lines:
                line.cut()
        self._go_on.set()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, far = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        line = _Line(writer, far, answers)
        self._lines.add(line)
        ways = {
            asyncio.create_task(self._pass_on(line, reader, self._up)),
            asyncio.create_task(self._answer(line)),
        }
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        # what one side said before it hung up still reaches the other
        for end in (line.near, line.far):
            end.close()
        await asyncio.wait(ways, timeout=1)
        line.cut()
        self._lines.discard(line)

    async def _answer(self, line: _Line) -> None:
        """Pass on what the simulator says, over as many connections as it takes."""
        while True:
            await self._pass_on(line, line.answers, self._down)
            if not line.is_held or line.near.transport.is_closing():
                return
            line.is_over = True
            await line.renewed.wait()
            line.renewed.clear()

    async def _pass_on(
        self,
        line: _Line,
        source: asyncio.StreamReader,
        way: Callable[[_Line, bytes], Coroutine[Any, Any, None]],
    ) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                await way(line, data)

    async def _up(self, line: _Line, data: bytes) -> None:
        """Pass on to the simulator."""
        if line.is_socket:
            if line.path == b"/stream":
                await self._send(line.far, data)
                return
            line.frames += data
            for frame, text in _frames(line.frames):
                if b"advance" in text:
                    await self._count(Said.STEP)
                await self._send(line.far, frame)
            return
        if begun := _REQUEST.match(data):
            await self._count(Said.CALL)
            line.path = begun[2]
            line.changes_order = b""
            if begun[1] != b"GET" and line.path.startswith(b"/v2/orders"):
                if begun[1] == b"DELETE":
                    await self._count(Said.CANCEL)
                line.is_held = True
                await self._count(Said.REQUEST)
                line.is_held = False
                await self._renew(line)
                line.changes_order = begun[1]
                line.frames.clear()
            if b"\r\nupgrade: websocket" in data.lower():
                line.is_socket = True
                data = _COMPRESSION.sub(b"", data)
        await self._send(line.far, data)

    async def _renew(self, line: _Line) -> None:
        if line.is_over and not line.near.transport.is_closing():
            line.far.close()
            line.answers, line.far = await asyncio.open_connection("127.0.0.1", self._target)
            line.is_over = False
            line.renewed.set()

    async def _down(self, line: _Line, data: bytes) -> None:
        """Pass on to the live process."""
        if line.path == b"/stream" and line.is_socket:
            line.frames += data
            if line.frames.startswith(b"HTTP/"):
                head, end, rest = bytes(line.frames).partition(_HEAD_END)
                if not end:
                    return
                await self._send(line.near, head + end)
                line.frames[:] = rest
            for frame, text in _frames(line.frames):
                if b"execution_id" in text:
                    await self._count(Said.UPDATE)
                    await self._send(line.near, frame)
                    self.executed |= _execution(text)
                else:
                    await self._send(line.near, frame)
        elif line.changes_order:
            line.frames += data
            if (length := _whole(line.frames)) is not None:
                await self._count(Said.ANSWER)
                whole = bytes(line.frames)
                line.frames.clear()
                await self._send(line.near, whole)
                self.answered += _accepted(whole, length)
        else:
            await self._send(line.near, data)

    async def _send(self, to: asyncio.StreamWriter, data: bytes) -> None:
        if to.transport.is_closing():
            raise ConnectionResetError
        to.write(data)
        await to.drain()

    async def _count(self, said: Said) -> None:
        """Count what is about to be passed on; wait while it, or anything, is held."""
        self.counts[said] += 1
        aim = self._aim.get(said)
        if aim is not None and self.counts[said] >= aim and self._go_on.is_set():
            self._go_on.clear()
            self.reached.set()
        await self._go_on.wait()


def _frames(buffer: bytearray) -> Iterator[tuple[bytes, bytes]]:
    """Take whole websocket frames off a buffer; yield each as it came, and what it carries."""
    while len(buffer) >= 2:
        length, at = buffer[1] & 127, 2
        if length >= 126:
            wide = 2 if length == 126 else 8
            length, at = int.from_bytes(buffer[2 : 2 + wide]), 2 + wide
            if len(buffer) < at:
                return
        is_masked = buffer[1] & 128
        start = at + (4 if is_masked else 0)
        if len(buffer) < start + length:
            return
        frame = bytes(buffer[: start + length])
        del buffer[: start + length]
        text = frame[start:]
        if is_masked:
            mask = frame[at:start]
            text = bytes(byte ^ mask[n % 4] for n, byte in enumerate(text))
        yield frame, text


def _whole(said: bytearray) -> int | None:
    """Return how long the body of a whole answer is, None while some of it is to come."""
    head, end, body = bytes(said).partition(_HEAD_END)
    found = _LENGTH.search(head)
    length = int(found[1]) if found else 0
    return length if end and len(body) >= length else None


def _accepted(answer: bytes, length: int) -> list[str]:
    """Return the id of the order that an answer says was taken."""
    if not length or not answer.startswith(b"HTTP/1.1 20"):
        return []
    order = json.loads(answer.partition(_HEAD_END)[2])
    return [order["id"]] if "id" in order else []


def _execution(text: bytes) -> dict[str, Execution]:
    """Return the execution that an update tells of, by its id."""
    told = json.loads(text)["data"]
    if told.get("execution_id") is None or "qty" not in told:
        return {}
    return {told["execution_id"]: (told["order"]["id"], told["qty"], told["price"])}
