"""What a data plan allows, told before the venue refuses it."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from engine.domain.counted import counted


class DataPlan(msgspec.Struct, frozen=True):
    """A subscription to market data.

    Attributes
    ----------
    feeds : frozenset of str
        Real-time feeds it includes.
    symbols : int or None
        Most symbols with trades or quotes on one stream, None for no limit.
    """

    name: str
    feeds: frozenset[str]
    symbols: int | None


BASIC = DataPlan("Basic (free)", frozenset({"iex", "test"}), 30)
ALGO_TRADER_PLUS = DataPlan(
    "Algo Trader Plus", frozenset({"sip", "iex", "delayed_sip", "boats", "overnight", "test"}), None
)


def explain_refusal(
    plan: DataPlan, feed: str, trades: Collection[str], quotes: Collection[str]
) -> str | None:
    """Return why a plan does not carry a subscription, and what to do; None when it does.

    Minute bars are not limited. The limit counts each symbol once.
    """
    if feed not in plan.feeds:
        return (
            f"the plan {plan.name} has no feed {feed!r}, only {', '.join(sorted(plan.feeds))}: "
            f"choose the feed iex, or subscribe to {ALGO_TRADER_PLUS.name}"
        )
    if plan.symbols is None:
        return None
    symbols = {*trades, *quotes}
    if "*" in symbols:
        return (
            f"the plan {plan.name} carries {counted(plan.symbols, 'symbol')} at most, "
            f"asked for all (*): name the symbols, or subscribe to {ALGO_TRADER_PLUS.name}"
        )
    if len(symbols) > plan.symbols:
        return (
            f"the plan {plan.name} carries {counted(plan.symbols, 'symbol')} at most, asked for "
            f"{len(symbols)}: drop {len(symbols) - plan.symbols}, or subscribe to "
            f"{ALGO_TRADER_PLUS.name}"
        )
    return None
