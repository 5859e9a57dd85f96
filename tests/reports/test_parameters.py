"""The report's parameters: the versions a run lived through."""

from __future__ import annotations

from dataclasses import replace

from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from reports import RunView
from reports.parameters import version_rows

PARAMS = Parameters()


def test_versions_of_the_run_are_listed_and_end_the_one_threshold() -> None:
    later = PARAMS.model_copy(update={"min_ac_z": 2.5})
    changes = (Stretch(1, 2, later), Stretch(2, 3, later.model_copy(update={"fast_period": 8})))
    rows = version_rows(PARAMS, changes)
    assert [row.version for row in rows] == [2, 3]
    assert rows[0].changes.endswith("→ 2.5")
    assert rows[1].changes == f"fast_period {PARAMS.fast_period} → 8"
    view = RunView(manifest={}, metrics={}, params=PARAMS)
    assert view.scan_params is PARAMS
    assert replace(view, changes=changes).scan_params is None
    only_trades = (Stretch(1, 2, PARAMS.model_copy(update={"max_trades_per_day": 9})),)
    assert replace(view, changes=only_trades).scan_params is PARAMS
