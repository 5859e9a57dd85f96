"""What a trading idea over the whole tape is made of: needs, signals, a watch, parameters."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from engine.domain.bracket import BracketPlan
from engine.domain.strategy import HOLD, ActiveTrade, Reaction
from engine.signals.whole_tape.history import Need
from engine.signals.whole_tape.signals import Signals
from engine.signals.whole_tape.tape import Tape


class StrategyParameters(BaseModel):
    """A strategy's own parameters; those below are the account's where they are None.

    A strategy adds fields of its own by subclassing.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )

    take_profit_percent: float | None = Field(None, ge=0.2, le=20)
    stop_loss_percent: float | None = Field(None, ge=0.1, le=10)
    trailing_stop_percent: float | None = Field(None, ge=0.1, le=20)
    max_hold_seconds: int | None = Field(None, ge=30, le=23_400)
    position_notional: Decimal | None = Field(None, ge=100)
    use_market_gravity: bool | None = None
    use_futures_trend: bool | None = None
    use_spread_liquidity: bool | None = None
    use_vwap_alignment: bool | None = None

    def bracket(self) -> dict[str, Any]:
        """Return what replaces the account's parameters for this strategy's trades, as JSON."""
        given = self.model_dump(mode="json", include={*StrategyParameters.model_fields})
        return {name: value for name, value in given.items() if value is not None}

    def own(self) -> dict[str, Any]:
        """Return the strategy's own parameters by name, as JSON."""
        return self.model_dump(mode="json", exclude={*StrategyParameters.model_fields})


class TapeStrategy:
    """A trading idea; subclass it, give it a name and say what it sees in ``signals``.

    It has no orders, no clock, no venue and no journal, and keeps nothing from one bucket to the
    next but what it declares in ``needs``: so it says the same in a backtest, a rehearsal and live,
    and after a restart.

    Parameters
    ----------
    parameters : StrategyParameters, optional
        Of the class's own ``Parameters``; its defaults unless given.
    """

    strategy_id: str
    """Name of the strategy: lower-case letters, digits and ``_``."""

    Parameters: ClassVar[type[StrategyParameters]] = StrategyParameters

    across_symbols: bool = False
    """Whether what it says of a symbol depends on which others are on the tape, as a rank, a mean
    over symbols or a pair does. Say so with True: a cluster then shows it the whole tape on one
    machine, any other strategy only some letters at a time; ``strategy check`` finds out."""

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        self.parameters = self.Parameters.model_validate({}) if parameters is None else parameters

    def needs(self) -> Sequence[Need]:
        """Return what of the past is to be kept for ``signals``."""
        return ()

    def signals(self, tape: Tape) -> Signals:
        """Return what the strategy sees at the close of a bucket."""
        raise NotImplementedError

    def watches(self, plan: BracketPlan) -> bool:
        """Say whether ``react`` may have anything to do for an open trade of a plan."""
        del plan
        return False

    def react(self, trade: ActiveTrade, now: int) -> Reaction:
        """Return what to do about an open trade at an instant (UTC ns); asked once a second."""
        del trade, now
        return HOLD
