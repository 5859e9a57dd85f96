"""What is to be pulled, and what a pull did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import msgspec

from engine.domain.errors import ConfigError
from engine.domain.session import next_session, sessions

KINDS = ("trades", "quotes", "bars", "news", "corporate_actions")
FEEDS = ("sip", "iex", "boats", "otc")

type Progress = Callable[[float, float], None]
"""Called with symbol-days done, in parts of one, and symbol-days in all."""


class PullOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be pulled.

    Attributes
    ----------
    kinds : tuple of str
        Of ``KINDS``; bars are minute bars.
    symbols : tuple of str
        Tickers, in alphabetical order.
    start, end : date
        First and last New York date.
    feed : str
        One of ``FEEDS``.
    today : date
        New York date on which the pull runs: a date that is not over is pulled as far as it goes.
    replace : bool
        Ask again for what was pulled already, and let it replace stored rows that differ.
    """

    kinds: tuple[str, ...]
    symbols: tuple[str, ...]
    start: date
    end: date
    feed: str
    today: date
    replace: bool = False

    def __post_init__(self) -> None:
        """Refuse an order of nothing."""
        if not self.kinds:
            raise ConfigError(
                "nothing to pull: name at least one of --trades, --quotes, --bars, "
                "--news and --corporate-actions"
            )
        if not self.symbols:
            raise ConfigError("nothing to pull: name at least one symbol with --symbols")
        if self.end < self.start:
            raise ConfigError(f"--end {self.end} is before --start {self.start}")
        if self.feed not in FEEDS:
            raise ConfigError(f"--feed {self.feed}: expected one of {', '.join(FEEDS)}")
        if self.start > self.today:
            raise ConfigError(f"--start {self.start} is in the future: today is {self.today}")

    def days(self) -> list[date]:
        """Return the trading days of the order.

        Raises
        ------
        ConfigError
            There is none.
        """
        days = sessions(self.start, min(self.end, self.today))
        if not days:
            raise ConfigError(
                f"no trading day of the NYSE from {self.start} to {self.end}; the next one is "
                f"{next_session(self.end)}"
            )
        return days


class Pulled(msgspec.Struct, kw_only=True):
    """What a pull did for one kind.

    Attributes
    ----------
    pages, resumed_pages : int
        Pages asked for, and pages that an earlier pull had left behind.
    rows, rejected : int
        Rows read, and those of them that were set aside.
    stored : int
        Partitions written; of news and corporate actions, articles and actions that are new.
    already : int
        Symbol-days that an earlier pull had asked for.
    silent : int
        Symbol-days without a row.
    unfinished : list of date
        Dates that are not over; pull them again with ``--replace``.
    """

    kind: str
    pages: int = 0
    resumed_pages: int = 0
    rows: int = 0
    rejected: int = 0
    stored: int = 0
    already: int = 0
    silent: int = 0
    unfinished: list[date] = []


class PullReport(msgspec.Struct, kw_only=True):
    """What a pull did, by kind; ``waited_secs`` went by because of rate limits and retries."""

    feed: str
    symbols: int
    days: int
    kinds: list[Pulled]
    waited_secs: float = 0.0
