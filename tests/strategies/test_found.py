"""Strategies are found by name, entry point or module, and what is wrong with one is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.strategies import Found, find_strategy, hosted, known_strategies
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters
from tests.strategies import unfit

_PACKAGES = {
    "bad": "nowhere:Bad",
    "plain": "json:JSONDecoder",
    "mine": "tests.signals.shown_strategies:Breakout",
}


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _PACKAGES.items():
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        folder.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        points = f"[tradectl.strategies]\n{name} = {value}\n"
        folder.joinpath("entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)


def test_one_broken_package_hides_none_of_the_others() -> None:
    known = known_strategies()
    assert [*known][:3] == ["acceleration", "reversion", "opening_range"]
    assert isinstance(known["mine"], Found)
    assert known["mine"].source == _PACKAGES["mine"]
    assert "bad (nowhere:Bad) cannot be loaded: module nowhere cannot be" in str(known["bad"])
    assert "json:JSONDecoder is no strategy" in str(known["plain"])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("reversoin", "did you mean reversion"),
        ("bad", "cannot be loaded"),
        ("nowhere:Bad", "cannot be imported from"),
        ("tests.signals.shown_strategies:Brekout", "it has Breakout"),
        ("json:JSONDecoder", "expected a subclass of TapeStrategy"),
    ],
)
def test_what_cannot_be_found_is_named_with_what_to_do(name: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        find_strategy(name)


UNFIT = {
    "Plain": "expected a subclass of TapeStrategy, found class Plain",
    "VALUE": "expected a subclass of TapeStrategy, found int",
    "Nameless": "it has no name",
    "Shouting": "found 'LOUD'",
    "Silent": "it has no signals: add def signals(self, tape) -> Signals",
    "Blind": "expected def signals(self, tape): too many positional arguments",
    "Unsure": "across_symbols is 'yes', expected True or False",
    "Data": "signals is int, expected def signals(self, tape)",
    "Later": "signals is asynchronous",
    "Unmakeable": "it cannot be made, OSError: no licence",
    "Alone": "it cannot be made, TypeError",
    "Forgetful": "its __init__ has to hand its parameters to super()",
    "Wishful": "needs has 'mean of volume', expected mean(",
    "Greedy": "needs failed, AttributeError",
    "Deaf": "expected def react(self, trade, now): too many positional arguments",
    "Untyped": "its Parameters have to be a subclass of StrategyParameters",
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_class_that_cannot_be_hosted_is_named_with_what_is_missing(name: str) -> None:
    source = f"{unfit.__name__}:{name}"
    with pytest.raises(ConfigError) as error:
        hosted([source])
    said = str(error.value)
    assert said.startswith(f"{source} is no strategy: ")
    assert UNFIT[name] in said
    assert said.endswith(
        "see docs/how-to/write-a-strategy.md, or begin with 'tradectl strategy new NAME'"
    )


def test_a_parameter_without_a_default_has_to_be_given() -> None:
    source = f"{unfit.__name__}:Demanding"
    (window, *_) = find_strategy(source).parameters
    assert (window["name"], window["default"]) == ("window", None)
    with pytest.raises(ConfigError, match="window: Field required"):
        hosted([source])
    assert hosted([source], values={"demanding.window": 3}).names == ("demanding",)


def test_own_parameters_have_to_go_with_the_accounts() -> None:
    wide = hosted(["reversion"], values={"reversion.stop_loss_percent": 5})
    with pytest.raises(ConfigError, match="strategy reversion, with the account's parameters"):
        wide.expect_fit(Parameters())
    wide.expect_fit(Parameters.model_validate({"take_profit_percent": 6}))


def test_what_a_strategy_prints_before_it_is_asked_is_no_answer_of_ours(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("chatty.py").write_text(
        "from engine.signals.whole_tape.tape_strategy import TapeStrategy\n"
        "print('imported')\n"
        "class Chatty(TapeStrategy):\n"
        "    strategy_id = 'chatty'\n"
        "    def __init__(self, parameters=None):\n"
        "        super().__init__(parameters)\n"
        "        print('made')\n"
        "    def needs(self):\n"
        "        print('needs')\n"
        "        return ()\n"
        "    def signals(self, tape):\n"
        "        return None\n"
    )
    assert hosted(["chatty:Chatty"]).names == ("chatty",)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert [word in printed.err for word in ("imported", "made", "needs")] == [True] * 3
