"""Real money is traded only by somebody who says so, in those words, with a limit of their own."""

from __future__ import annotations

import inspect

import pytest
from typer.main import get_command

from app.markets import MarketName
from cli.live.command import live
from cli.main import app
from tests.cli.conftest import Tradectl

_LIMITED = ("--set", "daily_loss_limit_percent=2")
_REAL = ("live", "--venue", "alpaca-live", "--no-view")


@pytest.mark.parametrize(
    ("words", "code", "finding"),
    [
        ((*_REAL, "--confirm", "trade real money"), 2, "wants a loss limit that somebody chose"),
        ((*_REAL, *_LIMITED), 1, "Type 'trade real money' to go on"),
        ((*_REAL, *_LIMITED, "--confirm", "yes"), 2, "not confirmed: type 'trade real money'"),
        ((*_REAL, *_LIMITED, "--confirm", "trade real money"), 2, "APCA_API_KEY_ID is not set"),
    ],
)
def test_whatever_is_missing_ends_the_start_before_anything_leaves_this_machine(
    tradectl: Tradectl, words: tuple[str, ...], code: int, finding: str
) -> None:
    answer = tradectl(*words)
    assert answer.code == code, answer.err
    assert finding in answer.err


def test_no_variable_chooses_a_venue_or_confirms_and_the_simulator_is_the_default() -> None:
    assert inspect.signature(live).parameters["venue"].default is MarketName.SIM
    commands = dict[str, object](get_command(app).commands)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
    options = {each.name: each for each in commands["live"].params}  # pyright: ignore[reportAttributeAccessIssue]
    assert options["venue"].default is MarketName.SIM
    assert [options[name].envvar for name in ("venue", "confirm")] == [None, None]
