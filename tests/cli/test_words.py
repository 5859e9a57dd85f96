"""Counts, values and causes are told in words, on every page alike."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from app.commands.governor_view import phase_in_words, resumed_by
from app.figures import figure
from app.parameters.takes_effect import takes_effect
from cli.terminal.in_words import in_words
from engine.decision import GovernorPhase
from engine.domain.counted import counted
from engine.domain.parameters.rows import Hot
from tests.cli.conftest import Tradectl


@pytest.mark.parametrize(
    ("count", "words", "told"),
    [
        (0, ("gap",), "0 gaps"),
        (1, ("gap",), "1 gap"),
        (1_234, ("gap",), "1,234 gaps"),
        (2, ("entry", "entries"), "2 entries"),
    ],
)
def test_one_is_singular_and_everything_else_is_not(
    count: int, words: tuple[str, ...], told: str
) -> None:
    assert counted(count, *words) == told


def test_no_page_shows_the_brackets_and_quotes_of_code() -> None:
    value = {"mute": True, "rest": [{"id": "a"}, {"id": "b"}], "at": None, "none": {}}
    assert in_words(value) == "mute yes, rest id a; id b, at off, none none"


def test_who_is_halted_by_hand_is_told_what_lets_entries_in_again() -> None:
    assert resumed_by(paused=False, stopped=False) == ""
    for paused, stopped in ((True, False), (False, True)):
        assert "'tradectl do resume --yes'" in resumed_by(paused=paused, stopped=stopped)


@pytest.mark.parametrize("hot", get_args(Hot))
def test_every_parameter_says_in_words_when_a_change_takes_effect(hot: Hot) -> None:
    assert takes_effect(hot).startswith(("at once", "at restart", "on the next day"))


def test_a_pause_a_stop_and_an_issue_are_called_what_they_are() -> None:
    hand = {"paused": False, "stopped": False}
    told = [
        phase_in_words(GovernorPhase.HALTED, **hand | standing)
        for standing in ({"paused": True}, {"stopped": True}, {})
    ]
    assert told == [
        "paused by hand",
        "stopped by hand for the day",
        "no entries while an issue lasts",
    ]
    assert phase_in_words(GovernorPhase.IN_TRADE, **hand | {"paused": True}) == "in trade"


def test_where_no_run_is_both_ways_to_start_one_are_told(
    tradectl: Tradectl, tmp_path: Path
) -> None:
    database = tmp_path / "facts.sqlite"
    assert tradectl("database", "migrate", "--database", database).code == 0
    for words in (("governor", "status"), ("do", "pause"), ("say", "positions")):
        answer = tradectl(*words, "--database", database)
        assert answer.code == 4
        assert "'tradectl live' or 'tradectl session' starts one" in answer.err
    assert "TRADECTL_SIM_URL" in tradectl("live", "--help").out


def test_a_mean_of_money_has_four_decimals_and_a_sum_all_of_its_own() -> None:
    paid = Decimal("100.01") * 2 + Decimal("100.02")
    assert figure(paid / 3) == "100.0133"
    assert figure(paid / 7 * 100) == "4,286.2857"
    assert [figure(each) for each in (Decimal("946.395"), Decimal("0.000001"), paid)] == [
        "946.395",
        "0.000001",
        "300.04",
    ]
