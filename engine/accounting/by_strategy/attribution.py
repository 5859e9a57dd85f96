"""The P&L of a trade → a part for each strategy behind it; the parts add up to it exactly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from engine.domain.facts import Contribution, EnsembleRule

_CENT = Decimal("0.01")


def attributed(
    amount: Decimal, rule: EnsembleRule, contributions: Sequence[Contribution]
) -> list[Decimal]:
    """Return what of an amount is booked to each strategy, in the order of contributions.

    By rule ``any`` all of it is the owner's. By ``weighted`` each has its part by weight ×
    confidence × strength, in whole cents by largest remainder (of equal ones the first); what is
    finer than a cent is the owner's, as is everything where no part is above 0.

    Parameters
    ----------
    amount : Decimal
        A gain or a loss.
    contributions : sequence of Contribution
        Of the trade, the owner first; at least one.

    Returns
    -------
    list of Decimal
        They add up to ``amount``.
    """
    nothing = Decimal(0)
    parts = [_part(each) for each in contributions]
    total = sum(parts)
    if rule is EnsembleRule.ANY or not total:
        return [amount, *(nothing for _ in contributions[1:])]
    cents = floor(abs(amount) / _CENT)
    exact = [cents * part / total for part in parts]
    whole = [floor(each) for each in exact]
    by_remainder = sorted(range(len(parts)), key=lambda n: (whole[n] - exact[n], n))
    for n in by_remainder[: cents - sum(whole)]:
        whole[n] += 1
    booked = [(each if amount > 0 else -each) * _CENT for each in whole]
    booked[0] += amount - sum(booked, nothing)
    return booked


def _part(contribution: Contribution) -> Fraction:
    weight, confidence, strength = map(
        Fraction, (contribution.weight, contribution.confidence, contribution.strength)
    )
    return weight * confidence * strength
