"""Recorded market data over REST, as frames of the stream: what fills a gap."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from itertools import batched
from typing import Any, Self

import msgspec

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.http.account_budget import AccountBudget
from adapters.alpaca.http.client import Door, HttpPatience, Query
from adapters.alpaca.wire.instants import rfc3339
from adapters.transport.token_bucket import Priority
from engine.domain.errors import VenueUnavailable
from engine.domain.unreadable import UNREADABLE

_PAGE = 10_000
SYMBOLS_OF_REQUEST = 500
"""The venue names no limit but the address has one: RFC 9110 (4.1) asks everybody to take 8,000
octets, and so many symbols of seven letters, each with its comma as %2C, make 5,000."""
_TAKEN_BACK = frozenset({"canceled", "incorrect"})
_EMPTY_OBJECT = 2
_TYPES = {"trades": "t", "quotes": "q", "bars": "b"}


class _Flaw(msgspec.Struct, frozen=True):
    u: str | None = None


class _Latest(msgspec.Struct, frozen=True):
    quotes: dict[str, msgspec.Raw]


class AlpacaHistory:
    """Trades, quotes and bars of the past, for one event loop.

    Each page is yielded as one JSON frame of the stream, so ``FrameDecoder`` reads both by the
    same rules. Within a frame rows go by symbol, then by time; prints that were taken back later
    are left out.

    Parameters
    ----------
    feed : str
        ``sip`` or ``iex``; always named, for the default depends on the plan.
    budget : AccountBudget, optional
        The data host counts apart from the trading host.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        feed: str,
        budget: AccountBudget | None = None,
        *,
        patience: HttpPatience | None = None,
        seed: int = 0,
    ) -> None:
        self._feed = feed
        self._door = Door(
            endpoints.data, credentials, budget or AccountBudget(), patience=patience, seed=seed
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._door.close()

    def trades(self, symbols: Collection[str], start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the trades of ``[start, end]`` (UTC ns)."""
        return self._frames("trades", symbols, start, end, {})

    def quotes(self, symbols: Collection[str], start: int, end: int) -> AsyncIterator[bytes]:
        """Yield the quotes of ``[start, end]`` (UTC ns)."""
        return self._frames("quotes", symbols, start, end, {})

    def bars(
        self, symbols: Collection[str], start: int, end: int, timeframe: str = "1Min"
    ) -> AsyncIterator[bytes]:
        """Yield the bars, not adjusted, that begin in ``[start, end]`` (UTC ns)."""
        query: Query = {"timeframe": timeframe, "adjustment": "raw"}
        return self._frames("bars", symbols, start, end, query)

    async def latest_quotes(self, symbols: Collection[str]) -> AsyncIterator[bytes]:
        """Yield the quotes that hold now; raises as the others do."""
        path = "/v2/stocks/quotes/latest"
        for some in batched(sorted(set(symbols)), SYMBOLS_OF_REQUEST, strict=False):
            asked: Query = {"symbols": ",".join(some), "feed": self._feed}
            body = await self._door.get(path, Priority.QUERY, query=asked)
            try:
                page = msgspec.json.decode(body, type=_Latest)
            except UNREADABLE as error:
                reason = f"no latest quotes: {error}"
                raise self._door.unavailable("GET", path, reason) from error
            rows = b",".join(_rows({name: [raw] for name, raw in page.quotes.items()}, "q"))
            if rows:
                yield b"[%b]" % rows

    async def _frames(
        self, kind: str, symbols: Collection[str], start: int, end: int, query: Query
    ) -> AsyncIterator[bytes]:
        """Yield page after page.

        Raises
        ------
        VenueRejected
            The plan does not carry the feed, or not its last 15 minutes; the keys are wrong.
        VenueUnavailable
            A page did not come, cannot be read, or leads back to itself.
        """
        path = f"/v2/stocks/{kind}"
        for some in batched(sorted(set(symbols)), SYMBOLS_OF_REQUEST, strict=False):
            token: str | None = None
            while True:
                asked: Query = {
                    "symbols": ",".join(some),
                    "start": rfc3339(start),
                    "end": rfc3339(end),
                    "feed": self._feed,
                    "limit": _PAGE,
                    **query,
                    "page_token": token,
                }
                body = await self._door.get(path, Priority.QUERY, query=asked)
                try:
                    frame, following = frame_of_page(body, kind)
                except UNREADABLE as error:
                    reason = f"no page of {kind}: {error}"
                    raise self._door.unavailable("GET", path, reason) from error
                if frame is not None:
                    yield frame
                if following is None:
                    break
                if following == token:
                    raise VenueUnavailable(f"the pages of {kind} do not go on")
                token = following


def frame_of_page(body: bytes, kind: str) -> tuple[bytes | None, str | None]:
    """Return a page of history as a frame of the stream, and the token of the next page.

    The rows are not read but given the type and symbol that the stream's rows carry.

    Parameters
    ----------
    kind : {"trades", "quotes", "bars"}

    Raises
    ------
    msgspec.MsgspecError
        The body is no such page.
    """
    page = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    token = msgspec.json.decode(page.get("next_page_token", b"null"), type=str | None)
    if kind not in page:
        raise msgspec.ValidationError(f"it has {', '.join(page) or 'nothing'}, expected {kind}")
    shape: Any = dict[str, list[msgspec.Raw]] | None
    by_symbol: dict[str, list[msgspec.Raw]] | None = msgspec.json.decode(page[kind], type=shape)
    rows = b",".join(_rows(by_symbol or {}, _TYPES[kind]))
    return (b"[%b]" % rows if rows else None), token


def _rows(by_symbol: dict[str, list[msgspec.Raw]], kind: str) -> Iterator[bytes]:
    for symbol, raws in by_symbol.items():
        head = b'{"T":"%b","S":%b,' % (kind.encode(), msgspec.json.encode(symbol))
        for raw in raws:
            row = bytes(raw)
            if len(row.strip()) > _EMPTY_OBJECT and not _is_taken_back(row):
                yield head + row[1:]


def _is_taken_back(row: bytes) -> bool:
    return b'"u"' in row and msgspec.json.decode(row, type=_Flaw).u in _TAKEN_BACK
