"""What travels as custom data between feed, scanner and strategies."""

from __future__ import annotations

from nautilus_trader.model import CustomData, DataType

from engine.domain.candidate import BucketReport
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

REPORTS = DataType("BucketReport")
PRINTS = DataType("TradeBatch")
QUOTES = DataType("QuoteBatch")
BEATS = DataType("Beat")
MERGED = DataType("Merged")


class Frame[Batch: (TradeBatch, QuoteBatch)]:
    """A batch as one message: it arrived at once, at ``ts_init``."""

    __slots__ = ("batch", "ts_event", "ts_init")

    def __init__(self, batch: Batch, ts_init: int) -> None:
        self.batch = batch
        self.ts_event = self.ts_init = ts_init


class Beat:
    """Nothing but an instant."""

    __slots__ = ("ts_event", "ts_init")

    def __init__(self, ts: int) -> None:
        self.ts_event = self.ts_init = ts


def report_message(report: BucketReport) -> CustomData:
    """Return a bucket's report as a message."""
    return CustomData(REPORTS, report)


def print_message(batch: TradeBatch) -> CustomData:
    """Return prints that arrived together as a message."""
    return CustomData(PRINTS, Frame(batch, int(batch.ts_init[-1])))


def quote_message(batch: QuoteBatch) -> CustomData:
    """Return quotes that arrived together as a message."""
    return CustomData(QUOTES, Frame(batch, int(batch.ts_init[-1])))


def beat(ts: int) -> CustomData:
    """Return a message that makes time pass up to ``ts`` (UTC ns).

    A streamed backtest fires timers only up to its last datum, so every stretch ends with a beat;
    live, it is how a host hands the time to its components.
    """
    return CustomData(BEATS, Beat(ts))


def merged_message(ts: int) -> CustomData:
    """Return a message that says at ``ts`` (UTC ns) that reports of slots have been merged."""
    return CustomData(MERGED, Beat(ts))
