"""Work that blocks, in threads of a pool that has an end, given up when nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Event
from typing import Annotated

from fastapi import Depends, Request

from web.places import Places
from web.problems import Problem

_THREADS, _WAITING = 6, 64


class GivenUp(Exception):  # noqa: N818  (nothing is wrong)
    """Nobody waits for an answer any more."""


class BlockingPool:
    """Threads for requests; so many work, so many more wait, others are told to come again."""

    def __init__(self, threads: int = _THREADS, waiting: int = _WAITING) -> None:
        self._executor = ThreadPoolExecutor(threads, "request")
        self._most = threads + waiting
        self._taken = 0

    async def run[**P, T](
        self, request: Request, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what a function returns, unless the client leaves before.

        What has not begun by then is never begun.

        Raises
        ------
        Problem
            Too many wait already, or the client has left.
        """
        if self._taken >= self._most:
            raise Problem(
                503, "busy", "too many requests wait: try again", headers={"Retry-After": "1"}
            )
        self._taken += 1
        work: Future[T] = self._executor.submit(function, *args, **kwargs)
        waiting = asyncio.wrap_future(work)
        leaving = asyncio.ensure_future(_has_left(request))
        try:
            await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise Problem(503, "client_left", "nobody waits for the answer any more")
            return waiting.result()
        finally:
            self._taken -= 1
            work.cancel()
            waiting.cancel()
            leaving.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await leaving

    def close(self) -> None:
        """Begin nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)


async def _has_left(request: Request) -> None:
    """Return when the client has closed its connection."""
    await request.body()
    while (await request.receive())["type"] != "http.disconnect":
        pass


class Asked:
    """A request on its way to a use case.

    Attributes
    ----------
    places : Places
    given_up : Event
        Set when the client has left: work that takes minutes looks at it.
    """

    def __init__(self, request: Request) -> None:
        self.places: Places = request.app.state.places
        self.given_up = Event()
        self._request = request
        self._pool: BlockingPool = request.app.state.blocking

    async def of[**P, T](self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a use case returns, from a thread; raises as ``BlockingPool.run``."""
        try:
            return await self._pool.run(self._request, function, *args, **kwargs)
        finally:
            self.given_up.set()

    def progress(self, _done: float, _total: float) -> None:
        """Watch work that takes long, and end it once nobody waits for it."""
        if self.given_up.is_set():
            raise GivenUp


type AskedOf = Annotated[Asked, Depends(Asked)]
"""Of a route: what does its blocking work."""
