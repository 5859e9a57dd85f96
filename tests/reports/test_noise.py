"""The noise floor against random walks put through an independent reading of the gates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from engine.domain.parameters import Parameters, parameters_from
from reports.noise import noise_floor
from reports.view import NEAR, RunView

DEFAULT = Parameters()
OTHER = parameters_from(
    {"fast_period": 8, "slow_period": 21, "ao_accel_lookback": 2, "min_ac_z": 2}
)


def _view(scores: np.ndarray, params: Parameters = DEFAULT) -> RunView:
    n = len(scores)
    columns = [np.arange(n), np.full(n, "A"), np.ones(n, np.int8), scores]
    near = pa.table([pa.array(c, f.type) for c, f in zip(columns, NEAR, strict=True)], schema=NEAR)
    return RunView(manifest={}, metrics={}, near=near, params=params)


def _walk_scores(params: Parameters, n: int) -> np.ndarray:
    """Return ac_z of the buckets of one long random walk that pass the ao and ac gates, long."""
    walk = pd.Series(np.random.default_rng(5).normal(size=n).cumsum())
    ao = walk.rolling(params.fast_period).mean() - walk.rolling(params.slow_period).mean()
    ac = ao - ao.rolling(params.smooth_period).mean()
    rising = (ac.diff() > 0).rolling(params.ao_accel_lookback).sum() == params.ao_accel_lookback
    past = ao.shift(params.ao_accel_lookback)
    growth = (ao - past) / past.abs().clip(lower=0.5 * ao.std())
    return (ac / ac.std())[(ao > 0) & rising & (growth >= params.ao_accel_rate)].to_numpy()


@pytest.mark.parametrize("params", [DEFAULT, OTHER], ids=["5/34/5", "8/21/5"])
def test_noise_lies_on_the_noise_floor(params: Parameters) -> None:
    scores = _walk_scores(params, 400_000)
    assert len(scores) > 10_000
    floor = noise_floor(_view(scores, params))
    assert floor is not None
    assert floor.expected is not None
    off = np.abs(floor.observed - floor.expected)
    # Neighbouring buckets share their windows, so counts vary more than independent ones would.
    assert (off <= 12 * np.sqrt(floor.expected + 1)).all()
    assert floor.expected.sum() == pytest.approx(len(scores))
    assert floor.expected_above == pytest.approx(floor.above, rel=0.15, abs=12)


def test_scores_that_accelerate_stand_above_the_floor() -> None:
    floor = noise_floor(_view(_walk_scores(DEFAULT, 100_000) + 3))
    assert floor is not None
    assert floor.expected_above is not None
    assert floor.above > 20 * floor.expected_above


def test_every_score_counts_once_and_unknown_ones_do_not() -> None:
    floor = noise_floor(_view(np.array([-90.0, 0.1, 4.0, 1e9, np.nan])))
    assert floor is not None
    assert (floor.sample, floor.observed.sum(), floor.above) == (4, 4, 2)
    assert noise_floor(_view(np.array([np.nan]))) is None
