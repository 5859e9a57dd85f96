"""Streams and values on a Redis or Valkey server, 6.2 or later (7.0 where it is to have an ACL).

Whether the server still holds what it held is told by a nonce among its values. Every exchange
reads it, and an entry is only added while it is the one that the writer knows: after a loss the
newest entry must not come first, for then what is sent again before it would be refused.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from cluster.names import NONCE
from cluster.streams.address import ServerAddress
from cluster.streams.client import client_options
from cluster.streams.failures import failure, lost
from cluster.streams.port import START, At, Entry
from engine.domain.errors import StreamsUnavailable

TIMEOUT_SECS = 2.0
"""How long one answer may take; what is asked for blocked reads comes on top."""
KEEP_SECS = 129_600
"""A day and a half: how long streams are kept, and values of which nothing else is said."""
_REFRESH_SECS = 600.0
"""How often a stream that is written is told to be kept on."""
_PIECE_SECS = 1.0
"""Longest wait of one read: a stream that was emptied would keep its reader waiting for ever."""
_MOST_ENTRIES = 256
"""Of one stream in one answer."""
_MOST_CALLS = 512
"""In one batch."""

_FIELD = "d"
# names are no KEYS: the ACL would ask for the right to read, and to write, each of them
_APPEND = """
if redis.call('GET', ARGV[1]) ~= ARGV[2] then return -1 end
local said = redis.pcall('XADD', ARGV[3], ARGV[4], 'd', ARGV[5])
if type(said) == 'table' and said.err then
  if string.find(said.err, 'equal or smaller', 1, true) then return 0 end
  return said
end
if ARGV[6] ~= '0' then redis.call('EXPIRE', ARGV[3], ARGV[6]) end
return 1
"""
_ADDED, _REFUSED = 1, 0
_SPECIAL = re.compile(r"([\\*?\[\]^])")


@dataclass(slots=True)
class _Call:
    """A command that waits for its answer; ``losses`` is what its caller knew of."""

    words: tuple[Any, ...]
    losses: int
    is_append: bool
    answer: asyncio.Future[Any] = field(repr=False)


class RedisStreams:
    """The port over a server; used by one event loop.

    What is asked while an answer is awaited goes out together afterwards, over one connection in
    the order it was asked; each waiting ``read`` has a connection of its own.

    Parameters
    ----------
    address : ServerAddress
        Nothing is connected to before the first call.
    timeout_secs : float
        Of every answer.
    """

    def __init__(self, address: ServerAddress, *, timeout_secs: float = TIMEOUT_SECS) -> None:
        self.address = address
        self._timeout_secs = timeout_secs
        self._client = Redis(
            **client_options(address),
            socket_timeout=None,  # asyncio.timeout bounds all of an exchange
            socket_connect_timeout=timeout_secs,
            retry=Retry(NoBackoff(), 0),  # an entry would be asked for again unknown to us
        )
        self._losses = 0
        self._nonce: bytes | None = None
        self._kept: dict[str, float] = {}
        self._waiting: list[_Call] = []
        self._sending: asyncio.Task[None] | None = None

    @property
    def losses(self) -> int:
        """How often the server was found without what it held; every call looks."""
        return self._losses

    async def append(self, stream: str, at: At, data: bytes) -> bool:
        """Add an entry unless the stream has one at or behind it.

        Raises
        ------
        StreamsUnavailable
            No answer, whether or not it was added; or nothing was added because the server was
            found to have lost what it held, ``losses`` having grown.
        """
        if at <= START:
            raise ValueError(f"entry of {stream} at {at}, expected one behind {START}")
        now = asyncio.get_running_loop().time()
        is_kept = now < self._kept.get(stream, 0.0)
        keep_secs = 0 if is_kept else KEEP_SECS
        words = (stream, _id(at), data, keep_secs)
        answer = await self._ask(*words, is_append=True)
        if answer == _ADDED and not is_kept:
            self._kept[stream] = now + _REFRESH_SECS
        if answer not in (_ADDED, _REFUSED):
            raise lost(self.address)
        return answer == _ADDED

    async def read(self, after: Mapping[str, At], wait_secs: float) -> list[Entry]:
        """Return the next entries behind the positions, 256 of a stream at most.

        Empty as soon as the server is found to have lost what it held, too.
        """
        if not after:
            await asyncio.sleep(wait_secs)
            return []
        loop, losses = asyncio.get_running_loop(), self._losses
        deadline = loop.time() + wait_secs
        streams = ("STREAMS", *after, *map(_id, after.values()))
        while True:
            left = max(0.0, deadline - loop.time())
            piece = min(left, _PIECE_SECS)
            block = ("BLOCK", int(piece * 1000)) if piece >= 0.001 else ()  # noqa: PLR2004  (1 ms)
            words = ("XREAD", "COUNT", _MOST_ENTRIES, *block, *streams)
            await self._recognise()
            (answer,) = await self._exchange([words], piece)
            if isinstance(answer, RedisError):
                raise self._failure(answer)
            if answer or left <= piece or self._losses != losses:
                return [
                    Entry(stream.decode(), _at(at), values[_FIELD.encode()])
                    for stream, entries in answer
                    for at, values in entries
                ]

    async def put(self, name: str, value: bytes, secs: float | None = None) -> None:
        """Set a value for some seconds, for a day and a half where none are said."""
        millis = max(1, round((KEEP_SECS if secs is None else secs) * 1000))
        await self._ask("SET", name, value, "PX", millis)

    async def get(self, name: str) -> bytes | None:
        """Return a value that has not expired."""
        return await self._ask("GET", name)

    async def found(self, beginning: str) -> dict[str, bytes]:
        """Return the values whose names begin so; the user must be allowed to read all of them."""
        pattern, cursor, names = _SPECIAL.sub(r"\\\1", beginning) + "*", 0, set[bytes]()
        while True:
            words = ("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            cursor, page = await self._ask(*words)
            names.update(page)
            if not cursor:
                break
        if not names:
            return {}
        ordered = sorted(names)
        values: list[bytes | None] = await self._ask("MGET", *ordered)  # None for a stream
        return {
            name.decode(): value
            for name, value in zip(ordered, values, strict=True)
            if value is not None
        }

    async def forget(self, name: str) -> None:
        """Remove a value or stream."""
        self._kept.pop(name, None)
        await self._ask("UNLINK", name)

    async def close(self) -> None:
        """End the connections; calls that wait are cancelled."""
        if self._sending is not None:
            self._sending.cancel()
            with suppress(asyncio.CancelledError):
                await self._sending
        for call in self._waiting:
            call.answer.cancel()
        self._waiting.clear()
        await self._client.aclose()

    async def _ask(self, *words: Any, is_append: bool = False) -> Any:
        """Return the answer to a command; it goes out with others that wait."""
        loop = asyncio.get_running_loop()
        call = _Call(words, self._losses, is_append, loop.create_future())
        self._waiting.append(call)
        if self._sending is None or self._sending.done():
            self._sending = loop.create_task(self._send())
        answer = await call.answer
        if isinstance(answer, RedisError):
            raise self._failure(answer)
        return answer

    async def _send(self) -> None:
        """Send what waits until nothing does; where there is no answer, none waits on."""
        while self._waiting:
            calls, self._waiting = self._waiting[:_MOST_CALLS], self._waiting[_MOST_CALLS:]
            try:
                await self._answer(calls)
            except asyncio.CancelledError:
                for call in calls:
                    call.answer.cancel()
                raise
            except Exception as error:  # noqa: BLE001  (whoever asked is told, whatever it is)
                for call in (*calls, *self._waiting):
                    if not call.answer.done():
                        call.answer.set_exception(error)
                self._waiting.clear()

    async def _answer(self, calls: Sequence[_Call]) -> None:
        nonce = await self._recognise()
        asked: list[_Call] = []
        for call in calls:
            if call.is_append and call.losses != self._losses and not call.answer.done():
                call.answer.set_exception(lost(self.address))
            elif not call.answer.done():
                asked.append(call)
        if not asked:
            return
        commands = [
            ("EVAL", _APPEND, 0, NONCE, nonce, *call.words) if call.is_append else call.words
            for call in asked
        ]
        answers = await self._exchange(commands)
        for call, answer in zip(asked, answers, strict=True):
            if not call.answer.done():
                call.answer.set_result(answer)

    async def _recognise(self) -> bytes:
        """Return the server's nonce; one that has none is given one, by whoever may."""
        if self._nonce is None:
            mine = secrets.token_hex(16).encode()
            _, found = await self._batch([("SET", NONCE, mine, "NX"), ("GET", NONCE)])
            if isinstance(found, RedisError):
                raise self._failure(found)
            if self._nonce is None:
                self._nonce = found
        return self._nonce or b""

    async def _exchange(self, commands: list[tuple[Any, ...]], wait_secs: float = 0.0) -> list[Any]:
        """Return the answers, errors among them, having looked whether the server lost anything."""
        losses, known = self._losses, self._nonce
        *answers, found = await self._batch([*commands, ("GET", NONCE)], wait_secs)
        if isinstance(found, RedisError):
            raise self._failure(found)
        if found != known and known is not None and losses == self._losses:
            self._losses += 1
            self._nonce = None
            self._kept.clear()
        return answers

    async def _batch(self, commands: list[tuple[Any, ...]], wait_secs: float = 0.0) -> list[Any]:
        try:
            async with (
                asyncio.timeout(wait_secs + self._timeout_secs),
                self._client.pipeline(transaction=False) as batch,
            ):
                for words in commands:
                    batch.execute_command(*words)
                return await batch.execute(raise_on_error=False)
        except (RedisError, OSError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> StreamsUnavailable:
        return failure(error, self.address, self._timeout_secs)


def _id(at: At) -> str:
    return f"{at.major}-{at.minor}"


def _at(text: bytes) -> At:
    major, _, minor = text.partition(b"-")
    return At(int(major), int(minor))
