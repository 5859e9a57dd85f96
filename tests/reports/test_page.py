"""The HTML report opens anywhere, whatever the run's data holds."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from reports.headline import why_no_trades
from reports.page import write_html
from reports.view import TRADES, RunView, Stage, StageKind
from tests.reports.conftest import Opened
from tests.reports.demo_run import demo_view
from tests.reports.demo_tape import typed

HOSTILE = (
    '</script><script>document.title="owned"</script>',
    "<img src=x onerror=\"document.title='owned'\">",
    "%{x} <b>bold</b> {{ 7 * 7 }}",
    "__proto__",
    "[bold]A/B[/bold]",
)


class _Tags(HTMLParser):
    """The elements of a page as a browser would read them, with the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._within = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  (as HTMLParser calls it)
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "script":
            self.scripts[-1] += data
        elif self._within != "style":
            self.text += data


def _page(view: RunView, folder: Path) -> tuple[Path, _Tags]:
    path = folder / "report.html"
    write_html(view, path)
    return path, _Tags(path.read_text(encoding="utf-8"))


def _data(page: _Tags) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    return json.loads(page.scripts[0], parse_constant=refuse)


def _unknown_view() -> RunView:
    """Return a run of which nearly nothing is known: nulls and NaN wherever they may stand."""
    view = demo_view(trades=3)
    row = {
        "trade_id": "1",
        "symbol": "NVXA",
        "side": 1,
        "quantity": 10,
        "avg_px_open": float("nan"),
    }
    entry_ts = view.trades.column("entry_ts")[0].as_py()
    return dataclasses.replace(
        view,
        manifest={},
        metrics=dict.fromkeys(view.metrics) | {"trades": 1, "sharpe": float("inf")},
        trades=typed([row | {"entry_ts": entry_ts}], TRADES),
        near=None,
        params=None,
        quality={},
        timings=(),
        ladder=(),
        peak_memory_bytes=None,
    )


def test_page_refers_to_nothing_outside_itself(tmp_path: Path) -> None:
    _, page = _page(demo_view(), tmp_path)
    links = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "action", "data", "poster"}
    ]
    assert links
    assert all(link and link.startswith(("#", "data:")) for link in links)
    policies = [a["content"] or "" for tag, a in page.elements if tag == "meta" and "content" in a]
    assert any(policy.startswith("default-src 'none';") for policy in policies)
    style = (tmp_path / "report.html").read_text().split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(demo_view(), id="one day"),
        pytest.param(demo_view(trades=20, days=5), id="many days"),
        pytest.param(demo_view(trades=0), id="no trades"),
        pytest.param(demo_view(trades=5, symbols=HOSTILE), id="hostile names"),
        pytest.param(_unknown_view(), id="unknown values"),
        pytest.param(RunView(manifest={}, metrics={}), id="nothing at all"),
    ],
)
def test_browser_draws_every_figure_and_has_nothing_to_complain_of(
    view: RunView, tmp_path: Path, browse: Callable[[Path], Opened]
) -> None:
    path, page = _page(view, tmp_path)
    opened = browse(path)
    assert opened.console == []
    places = [a for tag, a in page.elements if "figure" in (a.get("class") or "").split()]
    hidden = [
        a
        for a in places
        if "hidden" in a and view.manifest.get("start") == view.manifest.get("end")
    ]
    drawn = opened.dom.count('class="plot-container plotly"')
    assert drawn == len(places) - len(hidden)
    assert "<title>owned</title>" not in opened.dom
    assert "<img" not in opened.dom


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    view = demo_view(trades=40, symbols=HOSTILE)
    about = {"run_id": HOSTILE[0], "note": HOSTILE[1], "letters": HOSTILE, "symbols": [HOSTILE[1]]}
    manifest = {**view.manifest, **about}
    funnel = [Stage(HOSTILE[1], 5, StageKind.TAPE)]
    _, plain = _page(demo_view(trades=40), tmp_path)
    _, page = _page(dataclasses.replace(view, manifest=manifest, funnel=funnel), tmp_path)
    assert len(page.scripts) == len(plain.scripts)
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in plain.elements}
    assert set(_data(page)["trades"]["symbol"]) == set(HOSTILE)
    assert HOSTILE[1] in page.text


def test_run_without_trades_says_which_stage_stopped_the_last_candidate(tmp_path: Path) -> None:
    stages = [Stage("judged", 60, StageKind.HUB), Stage("market_gravity", 0, StageKind.FILTER)]
    _, page = _page(dataclasses.replace(demo_view(trades=0), funnel=stages), tmp_path)
    assert "60 came through “judged”, and “market gravity” let none of them pass" in page.text
    assert not any(attributes.get("id") == "trades" for _, attributes in page.elements)


def test_a_run_on_few_symbols_that_gravity_stops_says_how_to_go_without_it() -> None:
    stages = [Stage("judged", 6, StageKind.HUB), Stage("market_gravity", 0, StageKind.FILTER)]
    view = dataclasses.replace(demo_view(trades=0), funnel=stages)
    narrow = dataclasses.replace(view, manifest={**view.manifest, "symbols": ["KO"]})
    assert "--set use_market_gravity=false" in why_no_trades(narrow)
    whole = dataclasses.replace(view, manifest={**view.manifest, "symbols": [], "letters": []})
    assert "--set" not in why_no_trades(whole)


def test_unknown_values_are_dashes_and_nulls(tmp_path: Path) -> None:
    _, page = _page(_unknown_view(), tmp_path)
    trade = _data(page)["trades"]
    assert trade["exit"] == trade["realized_pnl"] == trade["avg_px_open"] == [None]
    assert "—" in page.text
    assert not {"nan", "inf", "None"} & set(page.text.split())


def test_failed_write_leaves_the_report_that_was_there(tmp_path: Path) -> None:
    path, _ = _page(demo_view(trades=1), tmp_path)
    before = path.read_bytes()
    (tmp_path / ".report.html.part").mkdir()
    with pytest.raises(IsADirectoryError):
        write_html(demo_view(trades=0), path)
    assert path.read_bytes() == before


def test_table_without_a_column_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"RunView\.trades lacks mae_pct, mfe_pct"):
        RunView(
            manifest={},
            metrics={},
            trades=TRADES.empty_table().drop_columns(["mae_pct", "mfe_pct"]),
        )


def test_exact_prices_and_coded_symbols_read_as_floats_and_strings_do(tmp_path: Path) -> None:
    view = demo_view(trades=4)
    exact = view.trades.set_column(
        view.trades.column_names.index("avg_px_open"),
        "avg_px_open",
        pa.array(np.round(view.trades.column("avg_px_open"), 2)).cast(pa.decimal64(18, 6)),
    )
    coded = exact.set_column(
        exact.column_names.index("symbol"), "symbol", exact.column("symbol").dictionary_encode()
    )
    _, page = _page(view, tmp_path)
    _, other = _page(dataclasses.replace(view, trades=coded), tmp_path)
    assert _data(other) == _data(page)


_MEASURE = """<body style="margin:0"><iframe style="width:{width}px;height:900px;border:0"
srcdoc="{page}"></iframe><script>setTimeout(() => {{
  const page = document.querySelector("iframe").contentDocument, root = page.documentElement;
  const wide = [...page.querySelectorAll("main *")].filter((e) => !e.closest("table, nav")
    && e.getBoundingClientRect().right > root.clientWidth + 1).map((e) => e.tagName + "." + e.id);
  document.body.textContent = JSON.stringify([root.scrollWidth, root.clientWidth, wide]);
}}, 3000);</script>"""


@pytest.mark.parametrize("width", [390, 1440])
def test_a_page_is_as_wide_as_its_window(
    tmp_path: Path, browse: Callable[[Path], Opened], width: int
) -> None:
    """What has no room scrolls by itself: a phone's page does not move sideways."""
    path, _ = _page(demo_view(trades=40), tmp_path)
    text = path.read_text(encoding="utf-8")
    framed = tmp_path / "framed.html"
    framed.write_text(_MEASURE.format(width=width, page=html.escape(text)), encoding="utf-8")
    found = re.search(r"\[\d+,\d+,\[.*?\]\]", browse(framed).dom)
    assert found is not None
    scrolled, shown, wide = json.loads(html.unescape(found[0]))
    assert shown > width - 20
    assert scrolled == shown
    assert wide == []


_PRINT = """<body style="margin:0"><iframe style="width:1440px;height:9000px;border:0"
srcdoc="{page}"></iframe><script>setTimeout(() => {{
  const view = document.querySelector("iframe").contentWindow, page = view.document;
  const widths = () => [...page.querySelectorAll(".main-svg")].map((e) => e.clientWidth);
  const before = Math.max(...widths());
  view.dispatchEvent(new view.Event("beforeprint"));
  setTimeout(() => {{
    const paper = Math.max(...widths());
    view.dispatchEvent(new view.Event("afterprint"));
    setTimeout(() => {{
      document.body.textContent = JSON.stringify([before, paper, Math.max(...widths())]);
    }}, 1000);
  }}, 1000);
}}, 3000);</script>"""


def test_what_is_drawn_fits_the_paper_and_the_screen_again(
    tmp_path: Path, browse: Callable[[Path], Opened]
) -> None:
    path, _ = _page(demo_view(trades=40), tmp_path)
    text = path.read_text(encoding="utf-8")
    framed = tmp_path / "printed.html"
    framed.write_text(_PRINT.format(page=html.escape(text)), encoding="utf-8")
    found = re.search(r"\[\d+,\d+,\d+\]", browse(framed).dom)
    assert found is not None
    before, paper, after = json.loads(found[0])
    assert before > 1_000
    assert paper <= 690
    assert after == before
