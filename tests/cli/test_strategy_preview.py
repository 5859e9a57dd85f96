"""``tradectl preview``: candidates and trades of any strategy, before and after a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import DAY, Tradectl, eager
from tests.signals import shown_strategies

STRANGER = f"{shown_strategies.__name__}:Breakout"
CHANGES = {
    "reversion": ("reversion", "reversion.min_distance", "2", "2.5", "distance"),
    "opening_range": ("opening_range", "opening_range.min_surge", "1", "1.5", "surge"),
}


@pytest.fixture(scope="module")
def ask(tradectl: Tradectl, small_market: Path) -> Any:
    """Return a function that runs a command over the small market and returns its JSON."""

    def run(*words: str) -> dict[str, Any]:
        answer = tradectl(*words, "--catalog", small_market, *eager(), "--json")
        assert answer.code == 0, answer.err
        return answer.json

    return run


@pytest.mark.parametrize("strategy", CHANGES)
def test_a_strategys_own_parameter_changes_what_the_scan_would_have_found(
    ask: Any, strategy: str
) -> None:
    name, key, old, new, feature = CHANGES[strategy]
    also = "--strategy", "acceleration", "--strategy", name
    settings = "--before", f"{key}={old}", "--set", f"{key}={new}"
    # the account's own settings hold on both sides
    both = [word for each in eager() for word in ("--before", each) if each != "--set"]
    said = ask("preview", *also, *both, *settings)
    assert said["changes"] == [{"name": key, "old": float(old), "new": float(new)}]
    shown = said["preview"]
    parts = {each["strategy_id"]: each for each in shown["strategies"]}
    for side, value in (("before", old), ("after", new)):
        scanned = ask("scan", "--date", str(DAY), *also, "--set", f"{key}={value}")
        assert parts[name][f"candidates_{side}"] == scanned["strategies"][name]["candidates"] > 0
        assert parts["acceleration"][f"candidates_{side}"] == scanned["candidates"] > 0
    assert shown["candidates_gone"] > 0
    assert shown["candidates_new"] + shown["candidates_before"] == (
        shown["candidates_after"] + shown["candidates_gone"]
    )
    limits = {each["name"]: (each["before"], each["after"]) for each in parts[name]["features"]}
    assert limits[feature] == (float(old), float(new))
    assert sum(each["trades_before"] for each in parts.values()) == shown["trades_before"] > 0
    moved = [*shown["skipped"], *shown["added"]]
    own = [trade for trade in moved if trade["strategy_id"] == name]
    assert own
    for trade in own:
        assert {each["name"] for each in trade["features"]} == limits.keys()
        assert all(each["passed"] for each in trade["features"])


def test_a_strangers_strategy_and_weights_are_previewed_by_its_own_features(
    ask: Any, tradectl: Tradectl, small_market: Path
) -> None:
    both = [word for each in eager() for word in ("--before", each) if each != "--set"]
    two = "--strategy", STRANGER, "--strategy", "reversion"
    asked = ("preview", *two, *both, "--before", "reversion.min_distance=2", "--to", "11:30")
    changed = ("--weight", "reversion=50", "--set", "breakout.max_hold_seconds=30")
    said = ask(*asked, *changed)
    assert [each["name"] for each in said["changes"]] == [
        "breakout.max_hold_seconds",
        "breakout.weight",
        "reversion.weight",
    ]
    shown = said["preview"]
    assert (shown["candidates_gone"], shown["candidates_new"]) == (0, 0)
    parts = {each["strategy_id"]: each for each in shown["strategies"]}
    assert parts["breakout"]["candidates_before"] > 0
    assert {each["name"] for each in parts["breakout"]["features"]} == {"surge", "volume"}
    own = [trade for trade in shown["added"] if trade["strategy_id"] == "breakout"]
    assert own, "those that leave sooner make room for others"
    for trade in own:
        assert {each["name"] for each in trade["features"]} == {"surge", "volume"}
        assert trade["exit_ns"] - trade["ts_event"] <= 30 * 10**9

    page = tradectl(*asked, *changed, "--catalog", small_market).out
    assert "breakout.weight: 0.5" in page
    assert "surge 3" in page
    assert "ac_z" not in page


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "say what is to change"),
        (("--set", "reversion.min_distance=3"), "holds before the change already"),
        (("--set", "reversion.min_distanc=4"), "did you mean min_distance"),
        (("--set", "bucket_seconds=10"), "cuts other buckets"),
        (("--set", "reversion.stop_loss_percent=9"), "with the account's parameters"),
        (("--set", "min_ac_z=3", "--from", "2026-09-17T10:00"), "no trades are stored"),
        (("--set", "min_ac_z=3", "--date", "2026-09-18", "--from", "2026-09-17T10:00"), "one day"),
    ],
)
def test_what_cannot_be_previewed_is_named(
    tradectl: Tradectl, small_market: Path, words: tuple[str, ...], why: str
) -> None:
    answer = tradectl("preview", "--strategy", "reversion", "--catalog", small_market, *words)
    assert answer.code == (4 if "stored" in why else 2)
    assert why in " ".join(answer.err.split())
