"""A strategy that looks across symbols is found out, and one that does not is left in peace."""

from __future__ import annotations

import numpy as np
import pytest

from app.strategies.check import CheckedStrategy, checked_strategy
from app.strategies.hosted import Hosted
from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.ensemble import Ensemble
from engine.domain.facts import Member
from engine.signals.whole_tape.history import Need, matrix
from engine.signals.whole_tape.signals import Signals, at_least
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import TapeStrategy
from tests.signals.test_tape_strategies import DAY


class PerSymbol(TapeStrategy):
    """Adds up each symbol's own past, where NumPy may choose the order."""

    strategy_id = "per_symbol"

    def needs(self) -> list[Need]:
        """Return a minute."""
        return [matrix("last", 60)]

    def signals(self, tape: Tape) -> Signals:
        """Say how far each is from its own mean."""
        away = tape.last / np.nanmean(tape.matrix("last", 60), axis=0) - 1
        score = 1e4 * np.abs(away)
        return Signals(side=np.sign(away), score=score, features={"s": at_least(score, 5.0)})


class Ranks(PerSymbol):
    """Enters the first of a rank, and says that it looks across symbols."""

    strategy_id = "ranks"
    across_symbols = True

    def signals(self, tape: Tape) -> Signals:
        """Say it of one symbol."""
        said = super().signals(tape)
        best = np.arange(len(tape)) == np.argmax(np.nan_to_num(said.score))
        return Signals(side=said.side, score=said.score, features={"s": at_least(best, 1.0)})


class Pair(PerSymbol):
    """Enters a symbol by what the tape's first symbol does."""

    strategy_id = "pair"

    def signals(self, tape: Tape) -> Signals:
        """Say it of all others."""
        said = super().signals(tape)
        score = said.score * (1 + said.score[0])
        return Signals(side=said.side, score=score, features={"s": at_least(score, 9.0)})


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog(str(tmp_path_factory.mktemp("few")))
    synthesize(catalog, DAY, symbols=8, trades=12_000, seed=4)
    return catalog


def checked(market: Catalog, strategy: TapeStrategy) -> CheckedStrategy:
    member = Member(strategy.strategy_id, "", 1.0, is_on=True, parameters={}, bracket={})
    return checked_strategy(market, DAY, Hosted((strategy,), Ensemble(1, (member,))))


def test_one_that_keeps_to_each_symbol_is_fine_to_the_last_bit(market: Catalog) -> None:
    found = checked(market, PerSymbol())
    assert found.candidates > 20
    assert (found.across_symbols, found.said_alone, found.is_fine) == (False, None, True)


def test_one_that_looks_across_symbols_without_saying_so_is_found_out(market: Catalog) -> None:
    found = checked(market, Pair())
    assert found.candidates > 0
    assert (found.across_symbols, found.declares_across_symbols) == (True, False)
    assert not found.is_fine
    assert found.said_alone is not None
    assert found.said_alone.with_all != found.said_alone.without
    assert not found.look_ahead


def test_one_that_says_so_is_fine(market: Catalog) -> None:
    found = checked(market, Ranks())
    assert (found.across_symbols, found.declares_across_symbols, found.is_fine) == (
        True, True, True,
    )  # fmt: skip
    assert Hosted((Ranks(), PerSymbol()), Ensemble(1, ())).across_symbols == ("ranks",)
