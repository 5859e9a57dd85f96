"""How a run is connected to Alpaca; its keys stay in the environment."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters.alpaca.endpoints import Venue
from adapters.alpaca.plan import ALGO_TRADER_PLUS, BASIC, DataPlan
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters
from engine.tape import CLOCK_OFF_SECS

LONGEST_START_SECS = 45.0
"""Less than a node waits for its clients to connect."""

ALL = "*"
"""All symbols of a feed."""


class AlpacaConfig(BaseModel):
    """One run's connection; unknown keys are refused.

    Attributes
    ----------
    symbols : "*" or tuple of str
        What is subscribed to; orders may be in any tradable stock.
    stepped : bool
        The simulator waits for grants of time; only it can.
    run_id : str
        Of client order ids: the orders of this run are ours.
    reconcile_secs : float
        How often orders and fills are compared with the venue's while all is well.
    backfill_mins : int
        After a gap, symbols that printed in so many minutes before it are fetched again.
    stale_feed_seconds : float
        A socket that says nothing for so long of the host's time while the market is open is given
        up; later where the feed is used to being silent.
    mute_symbol_secs : float
        A symbol that is traded and silent for so long of the host's time is looked into.
    clock_off_secs : float
        How far the host's time may be off the venue's, in seconds of the venue.
    start_secs : float
        How long account and orders are asked for at the start while the venue is not able.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    venue: Venue = Venue.SIM
    feed: Literal["sip", "iex", "test"] = "sip"
    symbols: Literal["*"] | tuple[str, ...] = ALL
    codec: Literal["msgpack", "json"] = "msgpack"
    stepped: bool = False
    run_id: str = Field(min_length=1)
    reconcile_secs: float = Field(default=30.0, gt=0)
    backfill_mins: int = Field(default=5, ge=1, le=60)
    stale_feed_seconds: float = Field(default=Parameters().stale_feed_seconds, gt=0)
    mute_symbol_secs: float = Field(default=120.0, gt=0)
    clock_off_secs: float = Field(default=CLOCK_OFF_SECS, gt=0)
    start_secs: float = Field(default=LONGEST_START_SECS, ge=0, le=LONGEST_START_SECS)

    @model_validator(mode="after")
    def _only_the_simulator_grants_time(self) -> Self:
        if self.stepped and self.venue is not Venue.SIM:
            raise ValueError(f"stepped is for {Venue.SIM} alone, the venue is {self.venue}")
        return self

    @classmethod
    def of(cls, **settings: object) -> Self:
        """Check settings and return them as a configuration.

        Raises
        ------
        ConfigError
            One is unknown or out of its range; the message names it.
        """
        try:
            return cls.model_validate(settings)
        except ValidationError as error:
            told = "; ".join(
                f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}"
                for each in error.errors(include_input=False, include_url=False)
            )
            raise ConfigError(f"Alpaca's settings cannot be used: {told}") from error

    @property
    def subscribed(self) -> tuple[str, ...]:
        """Symbols as a subscription wants them."""
        return (ALL,) if self.symbols == ALL else tuple(self.symbols)

    @property
    def plan(self) -> DataPlan:
        """The least plan on which the feed is to be had."""
        return ALGO_TRADER_PLUS if self.feed == "sip" else BASIC
