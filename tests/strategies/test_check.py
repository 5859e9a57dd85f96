"""A check names what is not to be believed, and believes what is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.strategies import hosted
from app.strategies.check import CheckedStrategy, checked_strategies
from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.parameters import Parameters
from tests.strategies import cheating

DAY = date(2026, 9, 18)
MINUTES = Parameters.model_validate({"bucket_seconds": 60, "bucket_ttl": 86_400})
"""Long buckets: to be asked one by one takes its time."""

NAMES = "Honest", "Peeks", "Keeps", "Remembers", "Counts", "Clocked", "Reads"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckedStrategy]:
    """Return what a check of all of them finds."""
    folder = tmp_path_factory.mktemp("cheats")
    market = Catalog(str(folder / "market"))
    synthesize(market, DAY, symbols=8, trades=20_000, seed=11, quotes=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        asked = hosted([f"{cheating.__name__}:{name}" for name in NAMES])
        return {
            each.strategy: each for each in checked_strategies(market, DAY, asked, params=MINUTES)
        }


def test_an_honest_one_is_believed(found: dict[str, CheckedStrategy]) -> None:
    honest = found["honest"]
    assert honest.candidates > 20
    assert (honest.look_ahead, honest.repeatable, honest.opened) == (False, True, ())
    assert (honest.is_fine, honest.first_difference) == (True, None)


@pytest.mark.parametrize("name", ["peeks", "keeps"])
def test_one_that_sees_later_buckets_is_named_with_the_first(
    found: dict[str, CheckedStrategy], name: str
) -> None:
    peeks = found[name]
    assert (peeks.look_ahead, peeks.repeatable, peeks.is_fine) == (True, True, False)
    assert peeks.first_difference is not None
    assert peeks.first_difference.first != peeks.first_difference.second


@pytest.mark.parametrize("name", ["remembers", "counts", "clocked"])
def test_one_that_says_otherwise_again_is_not_repeatable_and_never_free_of_look_ahead(
    found: dict[str, CheckedStrategy], name: str
) -> None:
    odd = found[name]
    assert (odd.look_ahead, odd.repeatable, odd.is_fine) == (None, False, False)
    assert odd.first_difference is not None


def test_one_that_reads_the_catalog_is_named_with_what_it_reads(
    found: dict[str, CheckedStrategy],
) -> None:
    reads = found["reads"]
    assert Path(reads.opened[0]).suffix == ".parquet"
    assert reads.opened[-1].endswith("bytes read by compiled code")
    assert (reads.is_fine, reads.loaded) == (False, ())
