"""Loads what the scanner has compiled, before anybody waits for it."""

from __future__ import annotations

import numpy as np

from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.session import Session
from engine.signals.scanner import Scanner

_NAME, _TAPE = "A", "A"


def load_compiled(params: Parameters, session: Session) -> None:
    """Have a scanner of its own close some buckets over one print and one quote.

    What is compiled is kept on disk. Without that, as on a new machine, it takes a minute or two: a
    live process would stand still in its first bucket, and no exit could be decided meanwhile.
    """
    scanner = Scanner(params, session, {_NAME: _TAPE}, expected=1)
    first = np.array([session.pre_market_ns if params.warm_premarket else session.open_ns])
    number, price, size = np.zeros(1, np.int32), np.array([PRICE_SCALE]), np.array([SIZE_SCALE])
    names = (_NAME,)
    scanner.quotes(QuoteBatch(number, names, first, first, price, price, size, size))
    scanner.step(TradeBatch(number, names, first, first, price, size, number, ("",)))
    scanner.advance(int(first[0]) + 3 * params.bucket_ns + params.grace_ns)
    scanner.reports()
