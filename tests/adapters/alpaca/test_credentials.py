"""Keys come from the environment and stay there; addresses cannot be mistaken for each other."""

from __future__ import annotations

import pytest

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import Endpoints, Venue, is_loopback
from engine.domain.errors import ConfigError

KEYS = {"APCA_API_KEY_ID": "PKTESTTESTTEST", "APCA_API_SECRET_KEY": "s3cr3t-s3cr3t-s3cr3t"}


def test_keys_are_in_no_repr_and_no_text() -> None:
    credentials = Credentials.from_environment(KEYS)
    shown = f"{credentials} {credentials!r} {credentials.hide(' echo '.join(KEYS.values()))}"
    assert not [key for key in KEYS.values() if key in shown]
    assert credentials.headers()["APCA-API-KEY-ID"] == KEYS["APCA_API_KEY_ID"]


@pytest.mark.parametrize("missing", list(KEYS))
def test_a_missing_key_is_named(missing: str) -> None:
    with pytest.raises(ConfigError, match=f"{missing} is not set"):
        Credentials.from_environment({**KEYS, missing: " "})


@pytest.mark.parametrize("value", ["with space", "with\nline", "gesch\u00fctzt"])
def test_what_no_header_may_hold_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(ConfigError) as told:
        Credentials.from_environment({**KEYS, "APCA_API_SECRET_KEY": value})
    assert value not in str(told.value)


def test_each_venue_has_addresses_of_its_own() -> None:
    sim, paper, live = (Endpoints.of(venue, {}) for venue in Venue)
    assert sim.trading == sim.data == "http://127.0.0.1:8765"
    assert sim.feed_url("sip") == "ws://127.0.0.1:8765/v2/sip"
    assert (sim.trading_stream, is_loopback(sim.data)) == ("ws://127.0.0.1:8765/stream", True)
    assert paper.trading_stream == "wss://paper-api.alpaca.markets/stream"
    assert (live.trading, is_loopback(live.data)) == ("https://api.alpaca.markets", False)
    assert live.feed_url("iex") == "wss://stream.data.alpaca.markets/v2/iex"


def test_the_simulator_may_be_elsewhere_but_never_at_alpaca() -> None:
    moved = Endpoints.of("alpaca-sim", {"TRADECTL_SIM_URL": "http://localhost:9000/"})
    assert moved.trading_stream == "ws://localhost:9000/stream"
    for url in ("https://api.alpaca.markets", "ftp://here", "nonsense", "http://k:s@127.0.0.1:1"):
        with pytest.raises(ConfigError, match="TRADECTL_SIM_URL"):
            Endpoints.of("alpaca-sim", {"TRADECTL_SIM_URL": url})


def test_an_unknown_venue_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="alpaca-sim, alpaca-paper, alpaca-live"):
        Endpoints.of("alpaca", {})
