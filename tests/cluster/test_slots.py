"""Every symbol has one slot, however the alphabet is cut, and what is typed wrongly is named."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.placement import Load, cut_for, placed, weights
from cluster.slots import PLACES, Slot, Slots, places_of, slots_of
from cluster.splitting import Divider, default_slots, equal_slots
from engine.domain.errors import ConfigError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.parameters import parameters_from
from engine.domain.symbols import is_symbol

SYMBOLS = ("A", "S", "BRK.B", "S.PR", "BACpL", "7203", "tpx", "SPY", "SNAP", "S1X", "ZZT", "0A")

edges = st.sets(st.integers(1, PLACES - 1), max_size=40)
cuts = edges.map(lambda at: Slots([Slot(a, b - 1) for a, b in pairwise([0, *sorted(at), PLACES])]))
symbols = st.from_regex(r"\A[A-Za-z0-9]{1,5}([./-][A-Z]{1,2})?\Z").filter(is_symbol)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("A", ["A"]),
        ("a-c", ["A-C"]),
        ("S1", ["SA-SM"]),
        ("S2,S1", ["SA-SM", "SN-SZ"]),
        ("SA-SM", ["SA-SM"]),
        ("SP", ["SP"]),
        ("S-SM", ["SA-SM"]),
        ("A-SM, SN-Z", ["A-SM", "SN-Z"]),
        ("RX-SB", ["RX-SB"]),
        ("A-Z", ["A-Z"]),
        ("SA-SZ", ["S"]),
    ],
)
def test_slots_are_read_as_typed_and_written_one_way(typed: str, names: list[str]) -> None:
    found = slots_of(typed)
    assert found is not None
    assert [slot.name for slot in found] == names
    assert [slots_of(name) for name in names] == [(slot,) for slot in found]


def test_auto_leaves_it_to_the_hub() -> None:
    assert slots_of("auto") is None
    assert slots_of(" AUTO ") is None


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("Ä", "'Ä' is no prefix; expected a letter (A), a range (A-C), half a letter (S1, S2)"),
        ("A,,B", "'' is no slot: 'nothing' is no prefix"),
        ("1-3", "'1' is no prefix"),
        ("SPY", "'SPY' is no prefix"),
        ("S3", "S has two halves, S1 (SA-SM) and S2 (SN-SZ)"),
        ("C-A", "slot C-A runs backwards: did you mean A-C?"),
        ("A-C,B", "slots A-C and B overlap"),
        ("S1,SM", "slots SA-SM and SM overlap"),
    ],
)
def test_what_is_no_slot_is_refused_and_named(typed: str, why: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(why)):
        slots_of(typed)


def test_a_part_that_nobody_covers_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no slot covers D-SM, T-Z: every symbol needs one"):
        Slots([*(slots_of("A-C") or ()), *(slots_of("S2") or ())])


@given(cuts, st.lists(symbols, max_size=30))
def test_every_symbol_has_one_slot_in_any_cut(slots: Slots, drawn: list[str]) -> None:
    names = [*SYMBOLS, *drawn]
    found = slots.of(names).tolist()
    for name, number, place in zip(names, found, places_of(names).tolist(), strict=True):
        covering = [k for k, slot in enumerate(slots) if slot.first <= place <= slot.last]
        assert covering == [number]
        first, second = (*name.encode(), ord('"'))[:2]
        assert slots.by_first_bytes[first, second] == number
        assert slots.slot_of(name) == slots.slots[number]
    assert Slots([slot for name in slots.names for slot in slots_of(name) or ()]).names == (
        slots.names
    )


def test_the_default_has_letters_per_shard_letters_a_slot() -> None:
    assert len(default_slots(parameters_from({}))) == 26
    by_four = default_slots(parameters_from({"letters_per_shard": 4})).names
    assert by_four == ("A-D", "E-H", "I-L", "M-P", "Q-T", "U-X", "Y-Z")
    assert default_slots(parameters_from({"letters_per_shard": 26})).names == ("A-Z",)


@pytest.mark.parametrize("count", [1, 4, 9, 26, 27, 100, 676])
def test_so_many_slots_as_were_asked_for(count: int) -> None:
    slots = equal_slots(count)
    assert len(slots) == count
    if count <= 26:
        assert all(len(end) == 1 for name in slots.names for end in name.split("-"))


@given(cuts, st.integers(0, 2**32 - 1))
def test_a_batch_is_divided_without_loss_though_its_table_grows(slots: Slots, seed: int) -> None:
    rng, divider = np.random.default_rng(seed), Divider(slots)
    for names in (SYMBOLS[:4], SYMBOLS[:4], SYMBOLS, SYMBOLS[::-1], SYMBOLS[:2]):
        known, n = len(names), int(rng.integers(0, 50))
        column = rng.integers(0, 10**9, n)
        ids = rng.integers(0, known, n).astype(np.int32)
        batch = QuoteBatch(ids, names, column, np.sort(column), column, column, column, column)
        parts = list(divider.divide(batch))
        assert sum(len(part) for _, part in parts) == n
        of, whole = slots.of(names), np.array(names)[ids]
        for number, part in parts:
            assert (
                np.array(part.symbols)[part.symbol_id].tolist() == whole[of[ids] == number].tolist()
            )
            assert set(slots.of(part.symbols).tolist()) == {
                number
            }  # no scanner makes room for others
            assert (np.diff(part.ts_init) >= 0).all()


shards = st.lists(st.sampled_from("pqrstuv"), min_size=1, unique=True)
loads = st.dictionaries(
    st.sampled_from([chr(65 + k) for k in range(26)]),
    st.builds(Load, st.integers(0, 10**7), st.integers(0, 900)),
    min_size=1,
)


@given(loads, shards, st.data())
def test_slots_are_placed_once_and_stay_unless_a_shard_is_a_fifth_too_heavy(
    measured: dict[str, Load], alive: list[str], data: st.DataObject
) -> None:
    weight = weights(measured)
    now = {
        slot: data.draw(st.sampled_from("pqrstuvw"))
        for slot in data.draw(st.sets(st.sampled_from(sorted(weight))))
    }
    found = placed(weight, alive, now)
    assert set(found) == set(weight)
    assert set(found.values()) <= set(alive)
    assert found == placed(dict(reversed(weight.items())), alive[::-1], now)
    assert placed(weight, alive, found) == found
    if all(slot in now and now[slot] in alive for slot in weight):
        mean = sum(weight.values()) / len(alive)
        before, after = (
            max(sum(weight[s] for s in at if at[s] == shard) for shard in alive)
            for at in (now, found)
        )
        assert after <= before + 1e-9
        if before <= 1.2 * mean - 1e-9:
            assert found == now


def test_a_slot_moves_for_more_than_a_fifth_and_for_no_less() -> None:
    now = {"A": "p", "B": "p", "C": "q"}
    assert placed({"A": 0.50, "B": 0.05, "C": 0.45}, ["p", "q"], now) == now
    assert placed({"A": 0.50, "B": 0.15, "C": 0.35}, ["p", "q"], now) == now | {"B": "q"}
    assert placed({"A": 0.50, "B": 0.05, "C": 0.45}, ["q"], now) == dict.fromkeys("ABC", "q")


def test_a_heavy_letter_is_cut_and_then_shards_are_loaded_alike() -> None:
    load = np.ones(PLACES)
    load[18 * 26 : 19 * 26] = 40
    letters = equal_slots(26)

    def heaviest(slots: Slots) -> float:
        weight = {s.name: float(load[s.first : s.last + 1].sum()) for s in slots}
        found = placed(weight, [f"shard-{k}" for k in range(9)])
        carried = [sum(weight[s] for s in found if found[s] == k) for k in set(found.values())]
        return max(carried) / (load.sum() / 9)

    small = cut_for(letters, load, 9)
    assert "S" not in small.names
    assert all(load[s.first : s.last + 1].sum() <= load.sum() / 18 for s in small)
    assert heaviest(letters) > 5
    assert heaviest(small) < 1.15


def test_without_a_shard_nothing_can_be_placed() -> None:
    with pytest.raises(ConfigError, match="tradectl live --role shard"):
        placed({"A": 1.0}, [])
