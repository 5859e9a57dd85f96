"""What crossing the spread would cost, from the quote or, without quotes, from the tape."""

from __future__ import annotations

import math

import numpy as np

from engine.domain.candidate import Candidate, Side, Window
from engine.domain.market_data.quotes import Quote
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND

_K = 3.0 - 2.0 * math.sqrt(2.0)


def fresh_quote(candidate: Candidate, params: Parameters) -> Quote | None:
    """Return the candidate's quote, or None where it is absent, stale, crossed or empty."""
    quote = candidate.quote
    if quote is None or not 0 < quote.bid <= quote.ask:
        return None
    age = candidate.ts_init - quote.ts_init
    return quote if age <= params.stale_quote_secs * NANOS_PER_SECOND else None


def taken_price(quote: Quote, side: Side) -> int:
    """Return the touch that an entry on this side takes, 1e-6 USD."""
    return quote.ask if side is Side.LONG else quote.bid


def taken_size(quote: Quote, side: Side) -> int:
    """Return the shares shown at the touch that an entry on this side takes."""
    return quote.ask_size if side is Side.LONG else quote.bid_size


def quoted_spread_bps(quote: Quote) -> float:
    """Return ask less bid in bps of their midpoint."""
    return 2e4 * (quote.ask - quote.bid) / (quote.ask + quote.bid)


def estimated_spread_bps(window: Window) -> float | None:
    """Return the effective spread that highs and lows betray, in bps; None without two buckets.

    The mean over pairs of adjacent buckets with prints, negative estimates taken as zero. Source:
    Corwin and Schultz, "A Simple Way to Estimate Bid-Ask Spreads from Daily High and Low Prices",
    Journal of Finance 67 (2012), equations 14 and 18, on buckets in place of days. Rounded to 1e-6
    bps: the last bits of a logarithm differ between processors, a decision must not.
    """
    traded = window.low > 0
    pairs = traded[:-1] & traded[1:]
    if not pairs.any():
        return None
    high, low = window.high.astype(np.float64), window.low.astype(np.float64)
    high_1, high_2, low_1, low_2 = (
        side[pairs] for side in (high[:-1], high[1:], low[:-1], low[1:])
    )
    beta = np.log(high_1 / low_1) ** 2 + np.log(high_2 / low_2) ** 2
    gamma = np.log(np.maximum(high_1, high_2) / np.minimum(low_1, low_2)) ** 2
    alpha = (np.sqrt(2.0 * beta) - np.sqrt(beta)) / _K - np.sqrt(gamma / _K)
    spread = 2.0 * np.tanh(alpha / 2.0)
    return round(float(1e4 * np.maximum(spread, 0.0).mean()), 6)
