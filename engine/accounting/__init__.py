"""What a run earned, held and cost, as folds over its facts."""

from engine.accounting.accounts import Accounts, keep_accounts, keep_books
from engine.accounting.book import Key
from engine.accounting.books import Books
from engine.accounting.days import DayClose
from engine.accounting.equity import EquityPoint
from engine.accounting.excursion import Excursion, excursion, measure, standing
from engine.accounting.fills import Fill, FillBook
from engine.accounting.ledger import Ledger, Position
from engine.accounting.missed import Missed, Rejection, follow, untraded
from engine.accounting.performance import Performance, performance
from engine.accounting.tables import PROJECTIONS, Column, Projection, columns_of
from engine.accounting.trades import Trade, TradeBook

__all__ = [
    "PROJECTIONS",
    "Accounts",
    "Books",
    "Column",
    "DayClose",
    "EquityPoint",
    "Excursion",
    "Fill",
    "FillBook",
    "Key",
    "Ledger",
    "Missed",
    "Performance",
    "Position",
    "Projection",
    "Rejection",
    "Trade",
    "TradeBook",
    "columns_of",
    "excursion",
    "follow",
    "keep_accounts",
    "keep_books",
    "measure",
    "performance",
    "standing",
    "untraded",
]
