"""``tradectl why`` and ``tradectl missed`` answer from a recorded day and a run over it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner

from catalog import Catalog
from cli.runs.missed import missed
from cli.runs.why import why
from engine.domain.candidate import Gate
from engine.signals import ScanResult, scan
from store import Run, RunPlan, RunStatus, RunStore
from tests.accounting.stored_prints import stored_prints
from tests.accounting.streams import record, whole_run
from tests.signals.tapes import EAGER, recorded

DAY = date(2014, 9, 17)
REFUSED = {"approved": False, "reason": "not_confident", "detail": "spread 31 against 25"}

app = typer.Typer()
app.command("why")(why)
app.command("missed")(missed)


@pytest.fixture(scope="module")
def market(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return a catalog that holds one recorded day."""
    _, frame = recorded(shared, "ticks/highfrequency_multi/2014-09-17.parquet")
    return stored_prints(
        tmp_path_factory.mktemp("catalog"),
        DAY,
        frame["symbol"].tolist(),
        frame["ts_event"].tolist(),
        [Decimal(str(price)) for price in frame["price"].round(6)],
        frame["conditions"].fillna("").tolist(),
        frame["size"].tolist(),
    )


@pytest.fixture(scope="module")
def scanned(market: Catalog) -> ScanResult:
    """Return the scan of that day."""
    return scan(market, DAY, EAGER)


@pytest.fixture
def run(tmp_path: Path, run_plan: RunPlan, scanned: ScanResult) -> Run:
    """Return a run whose hub refused every candidate."""
    days = {"start": DAY.isoformat(), "end": DAY.isoformat()}
    params = EAGER.model_dump(mode="json")
    qualified = scanned.candidates.filter(scanned.candidates["qualified"])
    verdicts = [
        {"symbol": row["symbol"], "ts_event": row["ts_event"], "checks": []} | REFUSED
        for row in qualified.to_pylist()
    ]
    with RunStore(tmp_path).start(msgspec.structs.replace(run_plan, params=params, **days)) as run:
        record(run.journal, whole_run([]))
        run.write_table("verdicts", pa.Table.from_pylist(verdicts))
        run.finish(RunStatus.ENDED)
    return run


def _ask(market: Catalog, runs: Path, *arguments: str) -> Any:
    where = ["--catalog", market.root, "--runs", str(runs), "--json"]
    result = CliRunner().invoke(app, [*arguments, *where])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def _clock(ts: int) -> str:
    from app.clock import new_york

    return new_york(ts).replace(" ", "T")


def test_why_shows_the_gates_as_the_scanner_saw_them_and_the_hubs_refusal(
    market: Catalog, scanned: ScanResult, run: Run
) -> None:
    qualified = scanned.candidates.filter(scanned.candidates["qualified"])
    row = qualified.to_pylist()[0]
    answer = _ask(market, run.path.parent, "why", row["symbol"], _clock(row["ts_event"]))
    assert answer["run_id"] == run.run_id
    assert all(check["passed"] for check in answer["gates"])
    values = {check["gate"]: check["value"] for check in answer["gates"]}
    assert values["ac_z"] == row["ac_z"] == answer["scanner"]["ac_z"]
    assert values["volume_floor"] == row["volume"]
    assert answer["answer"] == "refused by the hub: not_confident, spread 31 against 25"


def test_why_has_every_gate_of_a_bucket_that_many_gates_stopped(
    market: Catalog, tmp_path: Path
) -> None:
    answer = _ask(market, tmp_path, "why", "AAA", "10:04:57", "--date", "2014-09-17")
    assert _clock(answer["ts_event"]) == "2014-09-17T10:05:00"
    assert [check["gate"] for check in answer["gates"]] == [gate.name.lower() for gate in Gate]
    failed = [check["gate"] for check in answer["gates"] if not check["passed"]]
    assert len(failed) > 1
    assert answer["answer"].startswith(f"stopped by {len(failed)} of 12 gates: {failed[0]} ")


def test_why_before_there_is_an_oscillator_says_from_when_on(
    market: Catalog, tmp_path: Path
) -> None:
    answer = _ask(market, tmp_path, "why", "AAA", "2014-09-17T09:31:00")
    assert (answer["scanner"], answer["gates"]) == (None, [])
    assert "judged from 2014-09-17 09:3" in answer["answer"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["why", "NOPE", "10:00:00"], 4),
        (["why", "AAA", "ten"], 2),
        (["why", "AAA", "10:00:00", "--run", "2014"], 4),
        (["why", "AAA", "2014-09-18T10:00:00"], 4),
        (["missed", "--date", "2014-09-18"], 4),
    ],
)
def test_questions_without_an_answer_have_documented_exits(
    market: Catalog, tmp_path: Path, arguments: list[str], code: int
) -> None:
    where = ["--catalog", market.root, "--runs", str(tmp_path)]
    result = CliRunner().invoke(app, [*arguments, *where])
    assert result.exit_code == code, result.output


def test_missed_ranks_rejections_of_gates_and_hub_by_what_came_after(
    market: Catalog, scanned: ScanResult, run: Run
) -> None:
    answer = _ask(market, run.path.parent, "missed", "--run", run.run_id, "--top", "1000")
    rows = answer["missed"]
    qualified = scanned.candidates["qualified"].to_pylist().count(True)
    assert answer["rejected"] == len(scanned.near_misses) + qualified
    assert len(rows) == answer["considered"] > 10
    assert {"not_confident", "ac_z"} <= {row["stopped_by"] for row in rows}
    best = [row["best_pct"] for row in rows]
    assert best == sorted(best, reverse=True)
    assert all(row["best_pct"] >= 0 >= row["worst_before_pct"] for row in rows)


def test_missed_looks_no_further_than_its_horizon(market: Catalog, tmp_path: Path) -> None:
    settings = ["--set", "min_ac_z=1", "--set", "vol_floor=50", "--set", "vol_surge_multiplier=1"]
    answer = _ask(market, tmp_path, "missed", "--horizon", "60", *settings)
    assert answer["missed"]
    assert all(row["best_after_secs"] <= 60 for row in answer["missed"])
