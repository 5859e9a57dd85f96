"""What the process of a run and that of a strategy tell each other, length first."""

from __future__ import annotations

import io
import pickle
import socket
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.strategies.found import Found, Made
from app.strategies.workers.shared_columns import Placed
from engine.domain.bracket import BracketPlan
from engine.domain.facts import ExitReason
from engine.domain.strategy import ActiveTrade, Hold, MoveStop, RequestExit
from engine.signals.settings import Settings
from engine.signals.whole_tape.history import Column as HistoryColumn
from engine.signals.whole_tape.history import Need, Rolling
from engine.signals.whole_tape.signal_lives import LifeEvents

type Ring = tuple[str, int]
"""A column of the scanners' state, and how many buckets back."""


class Describe(NamedTuple):
    """Asks what the strategy ``module:Class`` is."""

    source: str


class Make(NamedTuple):
    """Asks what it says once it is made with some values of its parameters."""

    source: str
    values: dict[str, Any]


class Described(NamedTuple):
    """What the strategy says of itself."""

    found: Found


class IsMade(NamedTuple):
    """What it says once it is made."""

    made: Made


class Refused(NamedTuple):
    """It is no strategy, or cannot be made."""

    why: str


class Begin(NamedTuple):
    """What to ask, and with which settings a day begins; None where no day is asked about."""

    source: str
    parameters: dict[str, Any]
    settings: Settings | None
    notes_looks: bool


class Block(NamedTuple):
    """Buckets have closed; symbols and what is known of them are those new since the last block."""

    settings: Settings
    start: int
    end: int
    symbols: list[str]
    first_buckets: NDArray[np.int64]
    previous_close: NDArray[np.float64]
    average_volume: NDArray[np.float64]
    columns: dict[Ring, Placed]


class Column(NamedTuple):
    """Where a column stands that was asked for."""

    placed: Placed


class IsWatched(NamedTuple):
    """Whether the strategy watches a trade."""

    plan: BracketPlan


class Look(NamedTuple):
    """What the strategy does about an open trade at an instant (UTC ns)."""

    trade: ActiveTrade
    now: int


class Reacts(NamedTuple):
    """What it answered to either."""

    answer: Any


class Ready(NamedTuple):
    """The strategy was found and asked about a made-up bucket; with what it read for that."""

    looked: list[str]


class Wants(NamedTuple):
    """The strategy reads a column that did not come with the block."""

    ring: Ring


class Says(NamedTuple):
    """What is said at the close of a bucket."""

    row: int
    events: LifeEvents


class Fails(NamedTuple):
    """The strategy went wrong, ``row`` None before it was asked about the day."""

    row: int | None
    why: str


class Done(NamedTuple):
    """All was said of a block; with what was read meanwhile, see ``looks_outside``.

    ``strip`` are the scores at its last bucket, see ``scores.signed_scores``; None without any.
    """

    looked: list[str]
    strip: NDArray[np.int8] | None


type ToWorker = Describe | Make | Begin | Block | Column | IsWatched | Look
type FromWorker = Described | IsMade | Refused | Ready | Wants | Says | Fails | Done | Reacts

_TRUSTED = {
    (each.__module__, each.__qualname__)
    for each in (
        Described, IsMade, Refused, Ready, Wants, Says, Fails, Done, Reacts, Found, Made, Need,
        Rolling, HistoryColumn, LifeEvents, MoveStop, RequestExit, Hold, ExitReason, Decimal,
        np.ndarray, np.dtype,
    )
} | {
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
}  # fmt: skip
"""What an answer is made of. A class of a stranger's would bring its module into the run."""


class Unreadable(Exception):  # noqa: N818 - it says what has happened
    """A strategy's process said what is no answer."""


class _Answer(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return what an answer may be made of."""
        if (module_name, global_name) not in _TRUSTED:
            raise Unreadable(f"it answered with {module_name}.{global_name}, which is no answer")
        return super().find_class(module_name, global_name)


def read_by_a_run(message: bytes) -> Any:
    """Return a message of a strategy's process.

    Raises
    ------
    Unreadable
        It is made of anything else than answers are.
    """
    try:
        return _Answer(io.BytesIO(message)).load()
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable(f"its process said what nobody can read: {error}") from error


def read_by_a_worker(message: bytes) -> Any:
    """Return a message of a run, which is our own."""
    return pickle.loads(message)  # noqa: S301 - our own


_LENGTH = struct.Struct("<Q")
_READ_BYTES = 1 << 18


class Line:
    """One end of a connection; ``received`` never waits for the rest of a message.

    Parameters
    ----------
    end : socket
    read : callable
        ``read_by_a_run`` or ``read_by_a_worker``.
    """

    def __init__(self, end: socket.socket, read: Callable[[bytes], Any]) -> None:
        self.end = end
        self._decoded = read
        self._read = bytearray()

    def send(self, message: ToWorker | FromWorker) -> None:
        """Send a message; raises OSError where the other end is gone or does not read."""
        body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self.end.sendall(_LENGTH.pack(len(body)) + body)

    def received(self) -> list[Any]:
        """Return the messages that are complete by now; waits for some bytes at least.

        Raises
        ------
        EOFError
            The other end is gone.
        Unreadable
            What came is no message.
        """
        fresh = self.end.recv(_READ_BYTES)
        if not fresh:
            raise EOFError
        self._read += fresh
        found: list[Any] = []
        while len(self._read) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._read)[0]
            if len(self._read) < end:
                break
            found.append(self._decoded(bytes(self._read[_LENGTH.size : end])))
            del self._read[:end]
        return found
