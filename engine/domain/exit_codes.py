"""How a command ended, as a number that says whether starting it again can help."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """The exit codes of all commands, grouped by what the caller is to do.

    Attributes
    ----------
    meaning : str
        What has happened.
    remedy : str
        What to do about it.
    may_restart : bool
        Whether a supervisor may start the same command again by itself.
    """

    meaning: str
    remedy: str
    may_restart: bool

    def __new__(cls, code: int, meaning: str, remedy: str, *restart: str) -> Self:
        """Return the code with its words; one that is passing says ``restart``."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning, member.remedy = meaning, remedy
        member.may_restart = bool(restart)
        return member

    DONE = 0, "done", "nothing"
    FAILED = (
        1,
        "it failed, or found what it looks for: a difference, a share without stop",
        "read the message, then start it again",
        "restart",
    )
    CONFIG = (
        2,
        "a command, file, parameter or this machine is wrong, or the exchange is closed",
        "correct what the message names",
    )
    BAD_DATA = 3, "market data is missing, corrupt or impossible", "repair or import it again"
    NOT_FOUND = 4, "nothing is stored under that name or date", "choose another, or make it first"
    REFUSED = (
        5,
        "the venue refuses: keys, plan, account or certificate",
        "do what the message says, then start it again",
    )
    QUARANTINED = (
        6,
        "a journal, a log of commands or a chain in a backup is broken: nothing goes on by it",
        "look with 'tradectl journal verify', restore it or start another run",
    )
    UNAVAILABLE = (
        75,
        "venue, database or engine did not answer in time, or another session holds the place",
        "wait, then start it again",
        "restart",
    )
    INTERRUPTED = 130, "stopped by a person or a signal; what was done is kept", "nothing"
