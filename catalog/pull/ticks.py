"""Trades, quotes and minute bars of one date from the vendor into the catalog."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec
from alpaca.data.enums import Adjustment, DataFeed
from alpaca.data.requests import StockBarsRequest, StockQuotesRequest, StockTradesRequest
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from fsspec.implementations.local import LocalFileSystem

from catalog.imports.formats import Format
from catalog.imports.ingest import ImportOptions, import_files
from catalog.layout import PULLED_FOLDER
from catalog.pull.ledger import Ledger
from catalog.pull.order import Pulled, PullOrder
from catalog.pull.spool import Spool, remove
from catalog.pull.vendor import Page, Vendor
from catalog.schema import Kind
from catalog.store import Catalog
from engine.domain.errors import RunError
from engine.domain.session import NEW_YORK

_SYMBOLS_AT_ONCE = 100
_PAGE_ROWS = 10_000

type Share = Callable[[float], None]
"""Called with how much of the symbols asked for is done, 0 to 1."""


class TickPull:
    """Pulls one kind, a date at a time."""

    def __init__(self, catalog: Catalog, vendor: Vendor, order: PullOrder, kind: Kind) -> None:
        self.done = Pulled(kind=kind)
        self._catalog = catalog
        self._vendor = vendor
        self._order = order
        self._kind = kind
        self._ledger = Ledger(catalog)

    def pull(self, day: date, share: Share) -> None:
        """Bring one date's rows of the order's symbols into the catalog.

        Pages go to a spool first. Once they are all there they are imported in one go, then the
        date is noted as pulled, then the spool is removed: whatever is cut short is resumed
        where it was.
        """
        order, feed = self._order, self._order.feed
        folder = spool_root(self._catalog) / f"{self._kind}-{day}-{feed}"
        symbols: Sequence[str] = order.symbols
        if not order.replace:
            symbols = self._ledger.missing(self._kind, day, feed, symbols)
        self.done.already += len(order.symbols) - len(symbols)
        if not symbols:
            remove(folder)
            return
        spools: list[Spool] = []
        for n, some in enumerate(batched(symbols, _SYMBOLS_AT_ONCE, strict=False)):
            first = n * _SYMBOLS_AT_ONCE
            spools.append(self._spool(folder, some))
            for at in self._download(spools[-1], day, some):
                share((first + at * len(some)) / len(symbols))
        active = {name for spool in spools for page in spool.pages() for name in self._names(page)}
        if active:
            self._import([file for spool in spools for file in spool.files()])
        self.done.silent += len(symbols) - len(active)
        if day < order.today:
            self._ledger.record(self._kind, day, feed, symbols, active)
        else:
            self.done.unfinished.append(day)
        remove(folder)

    def _spool(self, folder: Path, symbols: Sequence[str]) -> Spool:
        digest = hashlib.sha256(",".join(symbols).encode()).hexdigest()[:12]
        return Spool(folder / digest, f"alpaca-{self._order.feed}")

    def _download(self, spool: Spool, day: date, symbols: Sequence[str]) -> Iterator[float]:
        """Ask for the pages that are not spooled yet, yielding how far they reach, 0 to 1."""
        parameters = self._parameters(day, symbols)
        page = spool.last()
        if page is not None:
            self.done.resumed_pages += sum(1 for _ in spool.pages())
        while page is None or page.next_page_token is not None:
            before = page.next_page_token if page else None
            token = {"page_token": before} if before else {}
            page = self._vendor.stocks(self._kind, parameters | token)
            if page.next_page_token is not None and page.next_page_token == before:
                raise RunError(
                    f"{self._kind} of {symbols[0]} and others on {day}: the page after "
                    f"{before} says that it comes after itself; the vendor's answer has no end"
                )
            spool.add(page)
            self.done.pages += 1
            names = self._names(page)
            yield symbols.index(names[-1]) / len(symbols) if names else 0.0
        yield 1.0

    def _names(self, page: Page) -> list[str]:
        """Return the symbols of the order that a page has rows of, in its order."""
        content = page.fields.get(self._kind, b"null")
        by_symbol = msgspec.json.decode(content, type=dict[str, list[msgspec.Raw]] | None)
        return [name for name, rows in (by_symbol or {}).items() if rows and name in self._asked]

    @property
    def _asked(self) -> frozenset[str]:
        return frozenset(self._order.symbols)

    def _parameters(self, day: date, symbols: Sequence[str]) -> dict[str, Any]:
        start, end = _bounds(day)
        common: dict[str, Any] = {
            "symbol_or_symbols": list(symbols),
            "start": start,
            "feed": DataFeed(self._order.feed),
            "asof": day.isoformat(),
        }
        request: Any
        if self._kind is Kind.TRADES:
            request = StockTradesRequest(**common)
        elif self._kind is Kind.QUOTES:
            request = StockQuotesRequest(**common)
        else:
            minute = TimeFrame(1, TimeFrameUnit("Min"))
            request = StockBarsRequest(**common, timeframe=minute, adjustment=Adjustment.RAW)
        fields: dict[str, Any] = request.to_request_fields()
        if day < self._order.today:
            fields["end"] = f"{end:%Y-%m-%dT%H:%M:%S}.999999999Z"
        return fields | {"limit": _PAGE_ROWS}

    def _import(self, files: Sequence[str]) -> None:
        options = ImportOptions(form=Format.ALPACA, replace=self._order.replace)
        report = import_files(self._catalog, files, self._kind, options)
        self.done.rows += report.rows_in
        self.done.rejected += sum(report.rejected.values())
        self.done.stored += report.stored


def spool_root(catalog: Catalog) -> Path:
    """Return where pages wait: beside a local catalog, in the system's folder for others."""
    if isinstance(catalog.fs, LocalFileSystem):
        return Path(catalog.root) / PULLED_FOLDER / "spool"
    digest = hashlib.sha256(catalog.root.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tradectl-pull-{digest}" / "spool"


def _bounds(day: date) -> tuple[datetime, datetime]:
    """Return the first and the last second of a New York date, in UTC."""
    first = datetime.combine(day, time(), tzinfo=NEW_YORK)
    following = datetime.combine(day + timedelta(days=1), time(), tzinfo=NEW_YORK)
    return first.astimezone(UTC), following.astimezone(UTC) - timedelta(seconds=1)
