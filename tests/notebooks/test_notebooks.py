"""The notebooks run from the first cell to the last, on a small synthetic day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

from catalog import Catalog
from catalog.synth import synthesize

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.fixture(scope="module")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the root of a catalog with one synthetic day."""
    root = tmp_path_factory.mktemp("catalog")
    synthesize(Catalog(str(root)), date(2026, 9, 18), symbols=60, trades=300_000, seed=7)
    return root


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(
    notebook: Path, small_market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADECTL_CATALOG", str(small_market))
    monkeypatch.setenv("TRADECTL_RUNS", str(tmp_path / "runs"))
    cells = jupytext.read(notebook)
    client = NotebookClient(cells, timeout=300, kernel_name="python3")
    ran = client.execute(cwd=str(notebook.parent.parent))
    code = [cell for cell in ran.cells if cell.cell_type == "code"]
    assert code
    assert all(cell.execution_count for cell in code)
