"""What a relay needs of others: rows in a venue's format, a log on disk, a connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, Self

from numpy.typing import NDArray

from engine.domain.market_data.blocks import Block, Gap

type Takes = Callable[[str, Sequence[str]], NDArray[Any]]
"""Says of which symbols a receiver takes a channel's rows; "" stands for no symbol."""


class FoundRows(Protocol):
    """Rows of some frames, one after another."""

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...

    @property
    def frame(self) -> bytes:
        """All of them as one frame."""
        ...

    def copied(self, wanted: NDArray[Any]) -> tuple[int, bytes]:
        """Return how many rows are wanted, and their msgpack without the head of an array."""
        ...

    def newest(self, wanted: NDArray[Any]) -> tuple[dict[int, bytes], int]:
        """Return the last wanted row of each symbol, and how many rows are wanted."""
        ...

    def joined(self, others: Sequence[Self]) -> Self:
        """Return these rows and those of others behind them."""
        ...


class RowFinder[Rows: FoundRows](Protocol):
    """Finds the rows of frames and knows symbols by number."""

    def find(self, frames: Sequence[bytes | str]) -> Rows:
        """Return the rows of frames, in order."""
        ...

    def wanted(self, takes: Takes, before: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return by channel and symbol what is taken; ``before`` is of when fewer were known."""
        ...

    def timestamp(self, ts: int) -> Any:
        """Return UTC ns as the venue's messages have times."""
        ...

    def framed(self, n: int, body: bytes) -> bytes:
        """Return ``n`` rows as one frame."""
        ...

    def as_json(self, frame: bytes) -> str:
        """Return a frame as JSON."""
        ...


class BlockLog(Protocol):
    """Blocks on disk, written before anybody is sent them."""

    @property
    def epoch(self) -> int:
        """The epoch that is being written."""
        ...

    def append(self, entry: Block | Gap) -> bool:
        """Write an entry; False says that it could not be kept."""
        ...

    def after(self, epoch: int, number: int) -> Iterator[Block | Gap]:
        """Yield what was written behind a block, up to now."""
        ...


class Upstream(Protocol):
    """The connection at the venue."""

    @property
    def state(self) -> str:
        """``connecting``, ``live``, ``waiting``, ``refused`` or ``closed``, and why."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether the venue is connected."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether all that the venue has sent has been handed on: no gap is being fetched."""
        ...

    def hears(self, symbols: Mapping[str, Iterable[str]]) -> bool:
        """Say whether all of some symbols, by channel, have been asked for."""
        ...

    async def subscribe(self, symbols: Mapping[str, Iterable[str]]) -> None:
        """Add symbols by channel, ``*`` for all."""
        ...

    async def advance(self, until: int) -> tuple[int, int]:
        """Have a simulator grant time; return how far it went and its count of order updates."""
        ...

    def flush(self) -> None:
        """Hand over what has come by now."""
        ...
