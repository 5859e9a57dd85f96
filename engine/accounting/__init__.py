"""Hop 6: what a run earned, held and cost, as folds over its facts."""

from engine.accounting.books import Books, DayClose, EquityPoint, Fill, keep_books
from engine.accounting.excursion import Excursion, excursion, measure, standing
from engine.accounting.ledger import Ledger, Position, post
from engine.accounting.missed import Missed, Rejection, follow, untraded
from engine.accounting.performance import Performance, performance
from engine.accounting.trades import Trade, TradeBook

__all__ = [
    "Books",
    "DayClose",
    "EquityPoint",
    "Excursion",
    "Fill",
    "Ledger",
    "Missed",
    "Performance",
    "Position",
    "Rejection",
    "Trade",
    "TradeBook",
    "excursion",
    "follow",
    "keep_books",
    "measure",
    "performance",
    "post",
    "standing",
    "untraded",
]
