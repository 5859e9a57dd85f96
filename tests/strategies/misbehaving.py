"""Strategies of a stranger: one that works, and others that take their process down with them."""

from __future__ import annotations

import ctypes
import os
import time
from typing import Any

import numba
import numpy as np

from engine.domain.bracket import BracketPlan
from engine.domain.facts import ExitReason
from engine.domain.strategy import HOLD, ActiveTrade, Reaction, RequestExit
from engine.signals.whole_tape.signals import Signals
from engine.signals.whole_tape.tape import Tape
from strategies import Reversion
from tests.signals.shown_strategies import Breakout, Follower

AT = 700
"""Bucket of the session from which they misbehave."""


class Good(Breakout):
    """Works."""

    strategy_id = "good"


class AlsoGood(Follower):
    """Works, too."""

    strategy_id = "also_good"


class Bad(Breakout):
    """Works until its time has come."""

    def signals(self, tape: Tape) -> Signals:
        """Say what the good one says, or misbehave."""
        if tape.bucket >= AT:
            self.misbehave()
        return super().signals(tape)

    def misbehave(self) -> None:
        """Do what nobody should."""
        raise NotImplementedError


class Loops(Bad):
    """Does not return."""

    strategy_id = "loops"

    def misbehave(self) -> None:
        """Go round."""
        while True:
            pass


@numba.njit  # type: ignore[untyped-decorator]
def _rounds(n: int) -> int:
    while n > 0:
        n = n % 7 + 1
    return n


class LoopsCompiled(Bad):
    """Does not return, and holds the interpreter's lock."""

    strategy_id = "loops_compiled"

    def misbehave(self) -> None:
        """Go round faster."""
        _rounds(5)


class Exits(Bad):
    """Ends its process."""

    strategy_id = "exits"

    def misbehave(self) -> None:
        """Leave."""
        os._exit(3)


class Crashes(Bad):
    """Reads where nothing is."""

    strategy_id = "crashes"

    def misbehave(self) -> None:
        """Read it."""
        ctypes.string_at(0)


class Leaks(Bad):
    """Keeps more and more."""

    strategy_id = "leaks"
    kept: list[Any] = []  # noqa: RUF012 - that it is shared is the point

    def misbehave(self) -> None:
        """Take 256 MiB more."""
        self.kept.append(np.zeros(1 << 25))


class Asleep(Breakout):
    """Cannot even be tried."""

    strategy_id = "asleep"

    def signals(self, tape: Tape) -> Signals:
        """Stop the process at once."""
        del tape
        raise SystemExit(4)


class Reads(Bad):
    """Opens a file."""

    strategy_id = "reads"

    def misbehave(self) -> None:
        """Open it."""
        with open("/etc/hostname", encoding="utf-8"):  # noqa: PTH123
            pass


class Watcher(Good):
    """Closes its trades as soon as it is asked, unless it is to misbehave."""

    strategy_id = "watcher"

    def watches(self, plan: BracketPlan) -> bool:
        """Watch every trade."""
        del plan
        return True

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Close it at an even instant; do worse at others."""
        del trade
        match now:
            case 1:
                raise ValueError("odd")
            case 3:
                os._exit(5)
            case 5:
                time.sleep(3_600)
            case 7:
                _rounds(5)
        return RequestExit(ExitReason.OPERATOR)


class LeavesItsTrade(Reversion):
    """Ends its process once it is asked about a trade that has been open for a minute."""

    strategy_id = "leaves_its_trade"

    def watches(self, plan: BracketPlan) -> bool:
        """Watch every trade."""
        del plan
        return True

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Hold it, for a while."""
        if now - trade.plan.candidate_ts > 60 * 10**9:
            os._exit(6)
        return HOLD
