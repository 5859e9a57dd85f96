"""How far the candidates stand above what noise alone would give."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.parameters import Parameters
from engine.signals.noise import ac_noise, ao_noise
from reports.columns import flags, floats, integers
from reports.view import RunView

BIN_WIDTH = 0.25
_LOWEST, _HIGHEST = -4.0, 16.0
_WALKS, _BUCKETS_A_WALK = 256, 4_096


@dataclass(frozen=True, slots=True, eq=False)
class NoiseFloor:
    """The distribution of ``ac_z``, signed by side, against that of a random walk.

    Attributes
    ----------
    edges : float64 array, shape (n_bins + 1,)
        Bins of ``BIN_WIDTH``; the outermost take in what lies beyond them.
    observed : int64 array, shape (n_bins,)
        Symbol-buckets in each bin.
    expected : float64 array, shape (n_bins,), or None
        As many symbol-buckets of ``noise_scores``, spread over the bins. None without the sample
        (``RunView.near``) or the parameters: the threshold has cut the candidates already.
    sample : int
        Symbol-buckets in all.
    threshold : float or None
        ``min_ac_z`` of the run.
    above, expected_above : int, float or None
        Symbol-buckets at or above the threshold: found, and from noise.
    """

    edges: NDArray[np.float64]
    observed: NDArray[np.int64]
    expected: NDArray[np.float64] | None
    sample: int
    threshold: float | None
    above: int
    expected_above: float | None


def noise_floor(view: RunView) -> NoiseFloor | None:
    """Return the noise floor of a run; None when no ``ac_z`` is known."""
    if view.near is not None:
        scores = floats(view.near, "ac_z") * integers(view.near, "side")
    else:
        qualified = view.candidates.filter(pa.array(flags(view.candidates, "qualified")))
        scores = floats(qualified, "ac_z") * integers(qualified, "side")
    scores = scores[np.isfinite(scores)]
    if not len(scores):
        return None
    params = view.scan_params
    threshold = params.min_ac_z if params else None
    low = max(_LOWEST, math.floor(scores.min()))
    high = min(_HIGHEST, max(low + 1, math.ceil(scores.max() + BIN_WIDTH)))
    edges = np.arange(low, high + BIN_WIDTH / 2, BIN_WIDTH)
    expected = expected_above = None
    if view.near is not None and params is not None:
        noise = noise_scores(params)
        if len(noise):
            expected = len(scores) / len(noise) * _counts(noise, edges).astype(np.float64)
            expected_above = float((noise >= params.min_ac_z).mean()) * len(scores)
    above = len(scores) if threshold is None else int((scores >= threshold).sum())
    return NoiseFloor(
        edges, _counts(scores, edges), expected, len(scores), threshold, above, expected_above
    )


def noise_scores(params: Parameters, seed: int = 0) -> NDArray[np.float64]:
    """Return ``ac_z``, signed by side, of buckets of a random walk that pass the ao and ac gates.

    The gates select buckets that already accelerate, so ``ac_z`` behind them is no longer the
    standard normal that it is over all buckets. Volume says nothing of a random walk's price, so
    the volume gates change nothing here; the flat-line gate is left out.

    Returns
    -------
    float64 array, shape (n,)
        About a tenth of a million buckets with the default parameters.
    """
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.standard_normal((_WALKS, _BUCKETS_A_WALK)), axis=1)
    slow, smooth, lookback = params.slow_period, params.smooth_period, params.ao_accel_lookback
    ao = _mean(walk, params.fast_period)[:, slow - params.fast_period :] - _mean(walk, slow)
    ac = ao[:, smooth - 1 :] - _mean(ao, smooth)
    side = np.sign(ao)[:, smooth - 1 + lookback :]
    now, past = ao[:, smooth - 1 + lookback :], ao[:, smooth - 1 : -lookback]
    growth = (
        side * (now - past) / np.maximum(np.abs(past), 0.5 * ao_noise(params.fast_period, slow))
    )
    steps = np.diff(ac, axis=1)
    passed = growth >= params.ao_accel_rate
    for ago in range(lookback):
        passed &= side * steps[:, lookback - 1 - ago : steps.shape[1] - ago] > 0
    scores = side * ac[:, lookback:] / ac_noise(params.fast_period, slow, smooth)
    return scores[passed]


def _mean(series: NDArray[np.float64], period: int) -> NDArray[np.float64]:
    """Return the simple moving mean along axis 1, from the first full window on."""
    total = np.cumsum(series, axis=1)
    window = total[:, period - 1 :].copy()
    window[:, 1:] -= total[:, :-period]
    return window / period


def _counts(scores: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    inside = np.clip(scores, edges[0], edges[-1] - BIN_WIDTH / 2)
    return np.histogram(inside, edges)[0]
