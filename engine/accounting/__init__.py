"""What a run earned, held and cost, as folds over its facts."""

from engine.accounting.accounts import Accounts, keep_accounts, keep_books
from engine.accounting.books.book import Key
from engine.accounting.books.days import DayClose
from engine.accounting.books.equity import EquityPoint
from engine.accounting.books.fills import Fill, FillBook
from engine.accounting.books.trades import Trade, TradeBook
from engine.accounting.excursion import Excursion, excursion, measure, standing
from engine.accounting.ledger import Ledger, Position
from engine.accounting.missed import Missed, Rejection, follow, untraded
from engine.accounting.performance import Performance, performance
from engine.accounting.run_books import Books
from engine.accounting.tables import PROJECTIONS, Column, Projection, columns_of

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
