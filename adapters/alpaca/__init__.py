"""Alpaca: the wire, the sessions over it, and nautilus clients for US stocks."""

from adapters.alpaca.account_budget import AccountBudget
from adapters.alpaca.attestation import read_attested
from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.door import HttpPatience
from adapters.alpaca.endpoints import Endpoints, Venue
from adapters.alpaca.history import AlpacaHistory
from adapters.alpaca.instruments import listed_tapes
from adapters.alpaca.kept_socket import Patience, Phase, StreamState
from adapters.alpaca.left_behind import AlpacaLeftBehind
from adapters.alpaca.order_rules import Refusal, RefusalReason, refuse, refuse_replace
from adapters.alpaca.orders_out import (
    NOT_REPLACEABLE,
    OrderRequest,
    ReplaceRequest,
    StopLoss,
    TakeProfit,
)
from adapters.alpaca.outcomes import (
    Accepted,
    CancelOutcome,
    CancelRequested,
    Outcome,
    Rejected,
    Unknown,
)
from adapters.alpaca.plan import ALGO_TRADER_PLUS, BASIC, DataPlan, explain_refusal
from adapters.alpaca.price_rules import is_on_grid, round_down, round_up
from adapters.alpaca.protection import Attested, Leg, LegRole, Protection, attested
from adapters.alpaca.recalled import Recalled
from adapters.alpaca.rest import AlpacaRest, Listing, VenueDay
from adapters.alpaca.silence import Silence, in_regular_hours
from adapters.alpaca.stream import MarketStream
from adapters.alpaca.stream_messages import Gap
from adapters.alpaca.token_bucket import Priority, TokenBucket
from adapters.alpaca.trading_stream import TradingStream
from adapters.alpaca.venue import AlpacaVenue
from adapters.alpaca.wash_trade import first_wash_trade, wash_trade

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
    "round_down",
    "round_up",
    "wash_trade",
]
