"""Alpaca: the wire, the sessions over it, and nautilus clients for US stocks."""

from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.data.instruments import listed_tapes
from adapters.alpaca.data.recalled import Recalled
from adapters.alpaca.endpoints import Endpoints, Venue
from adapters.alpaca.http.account_budget import AccountBudget
from adapters.alpaca.http.client import HttpPatience
from adapters.alpaca.http.history import AlpacaHistory
from adapters.alpaca.http.outcomes import (
    Accepted,
    CancelOutcome,
    CancelRequested,
    Outcome,
    Rejected,
    Unknown,
)
from adapters.alpaca.http.rest import AlpacaRest, Listing, VenueDay
from adapters.alpaca.orders.attestation import read_attested
from adapters.alpaca.orders.left_behind import AlpacaLeftBehind
from adapters.alpaca.orders.price_rules import is_on_grid
from adapters.alpaca.orders.protection import Attested, Leg, LegRole, Protection, attested
from adapters.alpaca.orders.requests import (
    NOT_REPLACEABLE,
    OrderRequest,
    ReplaceRequest,
    StopLoss,
    TakeProfit,
)
from adapters.alpaca.orders.rules import Refusal, RefusalReason, refuse, refuse_replace
from adapters.alpaca.orders.wash_trade import first_wash_trade, wash_trade
from adapters.alpaca.plan import ALGO_TRADER_PLUS, BASIC, DataPlan, explain_refusal
from adapters.alpaca.streams.market_stream import MarketStream
from adapters.alpaca.streams.messages import Gap
from adapters.alpaca.streams.trading_stream import TradingStream
from adapters.alpaca.venue import AlpacaVenue
from adapters.transport.kept_socket import Patience, Phase, StreamState
from adapters.transport.silence import Silence, in_regular_hours
from adapters.transport.token_bucket import Priority, TokenBucket

__all__ = [
    "ALGO_TRADER_PLUS",
    "BASIC",
    "NOT_REPLACEABLE",
    "Accepted",
    "AccountBudget",
    "AlpacaConfig",
    "AlpacaHistory",
    "AlpacaLeftBehind",
    "AlpacaRest",
    "AlpacaVenue",
    "Attested",
    "CancelOutcome",
    "CancelRequested",
    "Credentials",
    "DataPlan",
    "Endpoints",
    "Gap",
    "HttpPatience",
    "Leg",
    "LegRole",
    "Listing",
    "MarketStream",
    "OrderRequest",
    "Outcome",
    "Patience",
    "Phase",
    "Priority",
    "Protection",
    "Recalled",
    "Refusal",
    "RefusalReason",
    "Rejected",
    "ReplaceRequest",
    "Silence",
    "StopLoss",
    "StreamState",
    "TakeProfit",
    "TokenBucket",
    "TradingStream",
    "Unknown",
    "Venue",
    "VenueDay",
    "attested",
    "explain_refusal",
    "first_wash_trade",
    "in_regular_hours",
    "is_on_grid",
    "listed_tapes",
    "read_attested",
    "refuse",
    "refuse_replace",
    "wash_trade",
]
