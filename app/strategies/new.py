"""A stranger's first strategy: a small package of its own, ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.strategies.built_in import BUILT_IN
from engine.domain.account import expect_name
from engine.domain.errors import ConfigError

_STRATEGY = '''"""{title}: buy a new five-minute high on more than the usual volume."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from strategies import (
    Need, Signals, StrategyParameters, Tape, TapeStrategy, at_least, highest, lowest, mean,
)


class {name}Parameters(StrategyParameters):
    """What `--set {id}.NAME=VALUE` changes."""

    window: int = Field(60, ge=12, le=720, description="Buckets of 5 s looked back at.")
    min_score: float = Field(2.0, ge=0, description="Rise in deviations of its own noise.")
    min_surge: float = Field(3.0, ge=1, description="Volume of the bucket over the usual one.")
    min_volume: float = Field(200, ge=0, description="Shares of the bucket.")


class {name}(TapeStrategy):
    """Buy a new five-minute high on more than the usual volume."""

    strategy_id = "{id}"
    Parameters: ClassVar = {name}Parameters

    def needs(self) -> Sequence[Need]:
        """Say what is to be remembered of the past."""
        window = self.parameters.window
        return highest("high", window), lowest("low", window), mean("volume", window)

    def signals(self, tape: Tape) -> Signals:
        """Look at the whole tape as a bucket closes; every array has a value for each symbol."""
        p = self.parameters
        is_high = tape.traded & (tape.high >= tape.highest("high", p.window))
        rise_bps = 1e4 * (tape.last / tape.lowest("low", p.window) - 1.0)
        noise_bps = tape.sigma_bps * np.sqrt(p.window)
        score = np.where(noise_bps > 0, rise_bps / noise_bps, 0.0)
        surge = tape.volume / tape.mean("volume", p.window)
        return Signals(
            side=np.where(is_high & (score > 0), 1, 0),
            score=score,
            features={{
                "score": at_least(score, p.min_score),
                "surge": at_least(surge, p.min_surge),
                "volume": at_least(tape.volume, p.min_volume),
                "age": at_least(tape.age, p.window),
            }},
        )
'''

_TEST = '''"""{name} raises candidates on a day of synthetic prints, and never looks ahead."""

from datetime import date

from app.strategies import hosted
from app.strategies.check import checked_strategy
from catalog import Catalog
from catalog.synth import synthesize
from {id} import {name}

DAY = date(2026, 9, 18)


def test_it_raises_candidates_and_does_not_look_ahead(tmp_path):
    market = Catalog(str(tmp_path))
    synthesize(market, DAY, symbols=30, trades=150_000, seed=7)
    checked = checked_strategy(market, DAY, hosted(["{id}:{name}"]))
    assert {name}.strategy_id == checked.strategy
    assert checked.candidates > 0
    assert not checked.look_ahead
    assert checked.failure is None
'''

_PROJECT = """[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "{project}"
version = "0.1.0"
dependencies = ["numpy", "pydantic"]

[project.entry-points."tradectl.strategies"]
{id} = "{id}:{name}"

[tool.setuptools]
packages = ["{id}"]
package-dir = {{ "{id}" = "." }}
"""


@dataclass(frozen=True, slots=True)
class NewStrategy:
    """Where a strategy was written; ``strategy`` is ``module:Class``."""

    strategy: str
    files: tuple[str, ...]


def new_strategy(name: str, folder: Path) -> NewStrategy:
    """Write the package of a strategy into a folder of its name.

    Raises
    ------
    ConfigError
        The name cannot be one, is taken, or there is something of that name already.
    """
    expect_name("a strategy", name)
    if name in BUILT_IN:
        raise ConfigError(f"{name} comes with the engine: choose another name")
    package = folder / name
    if package.exists():
        raise ConfigError(f"{package} is there already: choose another name or --dir")
    title = "".join(part.capitalize() for part in name.split("_"))
    words = {
        "id": name,
        "name": title,
        "title": name.replace("_", " ").capitalize(),
        "project": name.replace("_", "-"),
    }
    texts = {
        "__init__.py": _STRATEGY,
        f"test_{name}.py": _TEST,
        "pyproject.toml": _PROJECT,
    }
    try:
        package.mkdir(parents=True)
        for file, text in texts.items():
            (package / file).write_text(text.format(**words), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{package} cannot be written: {error.strerror}") from error
    return NewStrategy(f"{name}:{title}", tuple(str(package / file) for file in texts))
