"""What each strategy of a run raised, traded and earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from engine.accounting import PROJECTIONS, Accounts


class OfStrategy(msgspec.Struct, frozen=True):
    """One strategy's part of a run.

    ``candidates`` it raised, ``trades`` it owns; ``net_pnl`` (USD, exact) is booked to it of every
    closed trade it contributed to, and adds up over strategies to what the account earned.
    """

    candidates: int
    trades: int
    net_pnl: Decimal


def by_strategy(
    names: Iterable[str], raised: Mapping[str, int], accounts: Accounts
) -> dict[str, OfStrategy]:
    """Return each strategy's part of a run.

    Parameters
    ----------
    raised : mapping of strategy to number
        Candidates raised.
    """
    projection = PROJECTIONS["strategy_pnl"]
    owned: Counter[str] = Counter()
    booked: dict[str, Decimal] = {}
    for row in projection.rows(accounts):
        owned[row.strategy_id] += row.is_owner
        booked[row.strategy_id] = booked.get(row.strategy_id, Decimal(0)) + (
            row.realized_pnl or Decimal(0)
        )
    return {
        name: OfStrategy(raised.get(name, 0), owned[name], booked.get(name, Decimal(0)))
        for name in names
    }
