"""What raises a candidate, keeps it and ends it, on tapes of one print a bucket and more."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engine.domain.candidate import ALL_GATES, Candidate, FadeReason, Gate, Phase, Side
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.session import session
from engine.signals.columns import ColumnScanner
from engine.signals.digest import CandidateDigest
from engine.signals.noise import ac_noise, ao_noise
from tests.signals.tapes import DAY, EAGER, batch, run

OPEN = session(DAY).open_ns
WIDTH = 5_000_000_000


def tape(prices: NDArray[np.float64], sizes: NDArray[np.int64] | int = 500) -> pd.DataFrame:
    """Return one print a bucket, in its middle."""
    n = len(prices)
    return pd.DataFrame(
        {
            "symbol": ["AAA"] * n,
            "ts_event": OPEN + np.arange(n) * WIDTH + WIDTH // 2,
            "price": np.round(prices, 4),
            "size": np.broadcast_to(sizes, n),
            "conditions": [""] * n,
        }
    )


def wobble(n: int, seed: int = 7) -> NDArray[np.float64]:
    """Return a quiet price around 100 USD, so that σ is not zero."""
    steps = np.random.default_rng(seed).integers(-1, 2, n).astype(np.float64)
    return 100 + 0.01 * steps


def life(frame: pd.DataFrame, params: Parameters = EAGER) -> list[Candidate]:
    _, reports = run(batch(frame), params, DAY)
    return [candidate for report in reports for candidate in report.candidates]


def accelerating(n_quiet: int = 130, n_up: int = 12, step: float = 0.02) -> NDArray[np.float64]:
    climb = np.cumsum(step * np.arange(1, n_up + 1))
    return np.r_[wobble(n_quiet), 100 + climb]


def test_an_acceleration_is_raised_then_updated_then_fades_when_ao_turns() -> None:
    up = accelerating()
    down = up[-1] - np.cumsum(np.full(40, 0.1))
    seen = life(tape(np.r_[up, down]))
    first_life = seen[: next(k for k, c in enumerate(seen) if c.phase is Phase.FADED) + 1]
    assert first_life[0].phase is Phase.RAISED
    assert all(each.passed for each in first_life[0].features)
    assert {c.phase for c in first_life[1:-1]} == {Phase.UPDATED}
    assert first_life[-1].fade_reason is FadeReason.AO_TURNED
    assert not first_life[-1].qualified
    gaps = np.diff([c.ts_event for c in first_life])
    assert set(gaps) == {WIDTH}


def test_a_candidate_fades_as_flat_lined_long_before_ao_turns() -> None:
    up = accelerating()
    seen = life(tape(np.r_[up, np.full(60, up[-1])]))
    fades = [c for c in seen if c.phase is Phase.FADED]
    assert fades
    assert fades[0].feature("ao_sign") > 0
    assert fades[0].fade_reason is FadeReason.FLAT_LINED


def test_updates_come_every_candidate_publish_secs() -> None:
    seen = life(
        tape(accelerating(n_up=25)), EAGER.model_copy(update={"candidate_publish_secs": 15})
    )
    updates = [c.ts_event for c in seen if c.phase is Phase.UPDATED]
    raised = next(c.ts_event for c in seen if c.phase is Phase.RAISED)
    assert len(updates) >= 2
    assert all((ts - raised) % (3 * WIDTH) == 0 for ts in updates)


def test_shorts_mirror_longs_exactly() -> None:
    longs = life(tape(accelerating()), EAGER)
    mirrored = tape(200 - accelerating())
    shorts = life(mirrored, EAGER.model_copy(update={"direction": "short"}))
    assert longs[0].phase is Phase.RAISED
    assert [c.ts_event for c in longs] == [c.ts_event for c in shorts]
    assert {c.side for c in shorts} == {Side.SHORT}
    ao = [[c.feature("ao_sign") for c in each] for each in (longs, shorts)]
    np.testing.assert_allclose(ao[0], np.negative(ao[1]), atol=1e-12)
    assert life(mirrored, EAGER) == []


def test_windows_hold_three_minutes_up_to_the_candidates_own_bucket() -> None:
    prices = accelerating()
    traded = [c for c in life(tape(prices)) if c.ts_event <= OPEN + len(prices) * WIDTH]
    assert len(traded) > 5
    for candidate in traded:
        window = candidate.window
        assert len(window.ts) == 36
        assert window.ts[-1] == candidate.ts_event
        assert set(np.diff(window.ts)) == {WIDTH}
        last = int((candidate.ts_event - OPEN) // WIDTH)
        expected = np.rint(np.round(prices[last - 36 : last], 4) * 1e6)
        np.testing.assert_array_equal(window.high, expected)
        assert window.ao[-1] == pytest.approx(candidate.feature("ao_sign"))
        assert np.isfinite(window.ac[-1])


def test_after_one_jump_ac_is_positive_for_35_seconds_and_ao_until_170_have_passed() -> None:
    frame = tape(np.r_[np.full(60, 100.0), np.full(60, 101.0)])
    scanner = ColumnScanner(EAGER, session(DAY), {})
    scanner.step(batch(frame))
    scanner.finish()
    assert scanner.state.breadth[:, 1].sum() * 5 == 165
    jumped = EAGER.model_copy(update={"ao_accel_rate": 0.0, "min_5s_flatline_ao_buckets": 120})
    prints = batch(frame)
    _, reports = run(prints, jumped, DAY)
    lives = [c for report in reports for c in report.candidates]
    assert lives[0].phase is Phase.RAISED
    positive = sum(c.window.ac[-1] > 0 for c in lives)
    rising_before = int((lives[0].ts_event - OPEN) // WIDTH) - 61
    assert (positive + rising_before) * 5 == 35


def test_ac_z_of_pure_noise_has_unit_variance() -> None:
    rng = np.random.default_rng(3)
    walk = 100 * np.exp(np.cumsum(rng.normal(0, 5e-4, 4_680)))
    every = parameters_from({"direction": "both", "min_ac_z": 0, "sigma_window": 2_000})
    scanner = ColumnScanner(every.model_copy(update={"index_symbols": ("AAA",)}), session(DAY), {})
    scanner.step(batch(tape(walk)))
    scanner.finish()
    z = scanner.state.index_readings[500:, 0, 1]
    assert np.std(z) == pytest.approx(1.0, abs=0.08)


def test_each_gate_stops_a_candidate_by_itself_and_is_recorded_with_its_value() -> None:
    frame = tape(accelerating())
    assert life(frame)
    stopped = {
        Gate.PRICE: {"max_price": 90.0},
        Gate.AO_GROWTH: {"ao_accel_rate": 10.0},
        Gate.AC_Z: {"min_ac_z": 20.0},
        Gate.VOLUME_FLOOR: {"vol_floor": 10_000},
        Gate.VOLUME_SURGE: {"vol_surge_multiplier": 1.5},
        Gate.CUMULATIVE_VOLUME: {"min_cumulative_ao_volume": 10**7},
        Gate.CUMULATIVE_NOTIONAL: {"min_cumulative_notional": 10**9},
    }
    for gate, change in stopped.items():
        params = EAGER.model_copy(update=change)
        scanner = ColumnScanner(params, session(DAY), {})
        scanner.step(batch(frame))
        scanner.finish()
        rows = scanner.take_output()[0].rows
        alone = rows[rows["gates"] == ALL_GATES & ~(1 << gate)]
        assert len(alone) > 0, gate
        assert set(rows["phase"]) == {0}
        assert np.isfinite(alone["values"][:, gate]).all()


@pytest.mark.parametrize("cents", [7, 10, 28, 230, 4_999])
def test_a_price_at_either_bound_is_within(cents: int) -> None:
    price = cents / 100
    exact = EAGER.model_copy(update={"min_price": price, "max_price": price})
    scanner = ColumnScanner(exact, session(DAY), {}, every_bucket=True)
    scanner.step(batch(tape(np.full(60, price))))
    scanner.finish()
    rows = scanner.take_output()[0].rows
    assert len(rows) > 20
    assert ((rows["gates"] >> Gate.PRICE) & 1 == 1).all()


NOISE = [
    # fast, slow, smooth, ao, ac
    (5, 34, 5, "0x1.702d08e60b3e0p+1", "0x1.752c4f1fc3554p-1"),
    (3, 10, 2, "0x1.4b0b818297983p+0", "0x1.eea3950a8511ep-3"),
    (8, 55, 8, "0x1.d4a800b760ebep+1", "0x1.fc36c47b1a3acp-1"),
]


@pytest.mark.parametrize(("fast", "slow", "smooth", "ao", "ac"), NOISE)
def test_the_noise_constants_are_the_same_on_every_machine_to_the_bit(
    fast: int, slow: int, smooth: int, ao: str, ac: str
) -> None:
    assert ao_noise(fast, slow).hex() == ao
    assert ac_noise(fast, slow, smooth).hex() == ac


def test_the_sign_of_a_nan_is_not_part_of_the_digest() -> None:
    digests: set[str] = set()
    for unknown in (math.nan, math.copysign(math.nan, -1.0)):
        digest = CandidateDigest()
        digest.update(pa.table({}), pa.table({"ts": [1], "SPY_ac_z": pa.array([unknown])}))
        digests.add(digest.hexdigest())
    assert len(digests) == 1


def test_a_symbol_that_hardly_trades_is_stopped_by_its_carried_buckets() -> None:
    frame = tape(accelerating(n_up=40, step=0.002))
    thin = frame[frame.index % 3 == 0]
    scanner = ColumnScanner(EAGER, session(DAY), {})
    scanner.step(batch(thin))
    scanner.finish()
    rows = scanner.take_output()[0].rows
    assert not [c for c in life(thin) if c.phase is Phase.RAISED]
    assert (rows["gates"] == ALL_GATES & ~(1 << Gate.CARRIED)).any()
