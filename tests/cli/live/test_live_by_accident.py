"""Real money is traded only by somebody who says so, in those words, with a limit of their own."""

from __future__ import annotations

import inspect

import pytest
from typer.main import get_command

from app.live.destination import destination
from app.markets import MarketName
from cli.live.command import live
from cli.main import app
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters
from tests.cli.conftest import Tradectl

_LIMITED = ("--set", "daily_loss_limit_percent=2")
_MODE = ("live", "--no-view", "--set", "alpaca_trading_mode=live")
_REAL = ("live", "--venue", "alpaca-live", "--no-view")


@pytest.mark.parametrize(
    ("words", "code", "finding"),
    [
        ((*_REAL, "--confirm", "trade real money"), 2, "wants a loss limit that somebody chose"),
        ((*_REAL, *_LIMITED), 1, "Type 'trade real money' to go on"),
        ((*_REAL, *_LIMITED, "--confirm", "yes"), 2, "not confirmed: type 'trade real money'"),
        ((*_REAL, *_LIMITED, "--confirm", "trade real money"), 2, "APCA_API_KEY_ID is not set"),
        (_MODE, 2, "wants a loss limit that somebody chose"),
        ((*_MODE, *_LIMITED), 1, "Type 'trade real money' to go on"),
        (
            (*_MODE, "--venue", "alpaca-paper"),
            2,
            "alpaca_trading_mode is live, which is alpaca-live",
        ),
        ((*_MODE, "--shadow"), 2, "alpaca_trading_mode is live, which sends orders"),
    ],
)
def test_whatever_is_missing_ends_the_start_before_anything_leaves_this_machine(
    tradectl: Tradectl, words: tuple[str, ...], code: int, finding: str
) -> None:
    answer = tradectl(*words)
    assert answer.code == code, answer.err
    assert finding in answer.err


@pytest.mark.parametrize(
    ("mode", "venue", "shadow", "expected"),
    [
        (None, None, False, ("alpaca-sim", True)),
        (None, None, True, ("alpaca-sim", False)),
        (None, "alpaca-paper", False, ("alpaca-paper", True)),
        ("sim", None, False, ("alpaca-sim", True)),
        ("paper", None, False, ("alpaca-paper", True)),
        ("paper", "alpaca-paper", False, ("alpaca-paper", True)),
        ("shadow", None, False, ("alpaca-paper", False)),
        ("shadow", "alpaca-sim", True, ("alpaca-sim", False)),
        ("live", None, False, ("alpaca-live", True)),
        ("sim", "alpaca-live", False, None),
        ("paper", None, True, None),
    ],
)
def test_orders_go_where_the_mode_says_unless_the_run_says_otherwise(
    mode: str | None, venue: str | None, *, shadow: bool, expected: tuple[str, bool] | None
) -> None:
    default = Parameters().alpaca_trading_mode

    def found() -> tuple[str, bool]:
        is_chosen = mode is not None
        place = destination(mode or default, is_chosen=is_chosen, venue=venue, shadow=shadow)
        return place.venue, place.sends

    if expected is None:
        with pytest.raises(ConfigError, match=f"alpaca_trading_mode is {mode}"):
            found()
    else:
        assert found() == expected


def test_no_variable_chooses_a_venue_or_confirms_and_the_simulator_is_the_default() -> None:
    assert inspect.signature(live).parameters["venue"].default is None
    assert destination(Parameters().alpaca_trading_mode, is_chosen=False).venue == MarketName.SIM
    commands = dict[str, object](get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    options = {each.name: each for each in commands["live"].params}  # pyright: ignore[reportAttributeAccessIssue]
    assert options["venue"].default is None
    assert [options[name].envvar for name in ("venue", "confirm")] == [None, None]
