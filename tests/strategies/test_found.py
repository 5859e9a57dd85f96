"""Strategies are found by name, entry point or module, and what is wrong with one is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.strategies import Found, find_strategy, hosted, known_strategies
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters

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
    assert "bad (nowhere:Bad) cannot be loaded: ModuleNotFoundError" in str(known["bad"])
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


def test_own_parameters_have_to_go_with_the_accounts() -> None:
    wide = hosted(["reversion"], values={"reversion.stop_loss_percent": 5})
    with pytest.raises(ConfigError, match="strategy reversion, with the account's parameters"):
        wide.expect_fit(Parameters())
    wide.expect_fit(Parameters.model_validate({"take_profit_percent": 6}))
