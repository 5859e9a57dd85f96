"""A nautilus node around a venue's clients and our components."""

from __future__ import annotations

from nautilus_trader.common import CacheConfig, DataActor, Environment, LoggerConfig
from nautilus_trader.config import DataClientConfig
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNode, LiveRiskEngineConfig
from nautilus_trader.live.clients import DataClientFactory
from nautilus_trader.model import TraderId
from nautilus_trader.trading import Strategy

from engine.runtime.live.venue import LiveVenue

_CONNECT_SECS = 60
_DISCONNECT_SECS = 10
_RECONCILE_SECS = 120
"""A minute's requests may be spent when it begins; the next has as many."""


def live_node(venue: LiveVenue, actors: list[DataActor], strategy: Strategy) -> LiveNode:
    """Return a node that is ready to run; one process holds one.

    What may be sent is decided before the node sees an order, so its risk engine is bypassed: it
    would deny a market order in a stock of which it has not been handed a tick yet. And its guesses
    about orders that hang are off: after a time-out it would call an order canceled that rests at
    the venue. The venue's client looks it up instead.
    """
    node = (
        LiveNode.builder("TRADECTL", TraderId("TRADECTL-001"), Environment.LIVE)
        .with_logging(LoggerConfig(bypass_logging=True))
        .with_cache_config(CacheConfig(tick_capacity=2, bar_capacity=2))
        .with_risk_engine_config(LiveRiskEngineConfig(bypass=True))
        .with_exec_engine_config(LiveExecutionEngineConfig(inflight_check_interval_ms=0))
        .with_timeout_connection(_CONNECT_SECS)
        .with_timeout_disconnection_secs(_DISCONNECT_SECS)
        .with_timeout_reconciliation(_RECONCILE_SECS)
        .with_delay_post_stop_secs(0)
        .add_data_client(venue.name, *venue.data_client())
        .add_exec_client(venue.name, *venue.execution_client())
        .build()
    )
    for actor in actors:
        node.add_actor(actor)
    node.add_strategy(strategy)
    return node


def tape_node(
    name: str, client: tuple[DataClientFactory, DataClientConfig], actor: DataActor
) -> LiveNode:
    """Return a node that hears a tape and trades nothing; one process holds one."""
    node = (
        LiveNode.builder("TRADECTL", TraderId("TRADECTL-001"), Environment.LIVE)
        .with_logging(LoggerConfig(bypass_logging=True))
        .with_cache_config(CacheConfig(tick_capacity=2, bar_capacity=2))
        .with_exec_engine_config(LiveExecutionEngineConfig(inflight_check_interval_ms=0))
        .with_timeout_connection(_CONNECT_SECS)
        .with_timeout_disconnection_secs(_DISCONNECT_SECS)
        .with_delay_post_stop_secs(0)
        .add_data_client(name, *client)
        .build()
    )
    node.add_actor(actor)
    return node
