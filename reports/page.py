"""The report as one HTML file that opens anywhere, with no network."""

from __future__ import annotations

import base64
import gzip
import math
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from plotly.offline import get_plotlyjs

from reports import attribution, headline, wording
from reports.noise import noise_floor
from reports.parameters import parameter_rows, version_rows
from reports.payload import encode_payload
from reports.view import OF_PRINTS, RunView

if TYPE_CHECKING:
    from jinja2 import Environment

_SCRIPTS = ("theme.js", "figures.js", "trades.js")


def write_html(view: RunView, path: Path) -> None:
    """Write the report of a run, whole or not at all.

    The page carries its data, styles, scripts and plotly.js, and forbids itself every connection
    (content security policy), so what is in the data can neither load nor send anything.
    """
    closed = attribution.closed(view.trades)
    noise = noise_floor(view)
    page = (
        _environment()
        .get_template("report.html")
        .render(
            view=view,
            title=headline.title(view),
            kind=headline.kind(view),
            summary=headline.summary(view),
            numbers=headline.key_numbers(view.metrics),
            ladder=_ladder(view),
            exits=attribution.by_exit_reason(closed),
            sides=attribution.by_side(closed),
            parameters=parameter_rows(view.params) if view.params else [],
            versions=version_rows(view.params, view.changes) if view.params else [],
            filters=attribution.filter_tallies(view.verdicts),
            refusals=attribution.refusals(view.verdicts),
            noise=noise,
            bars=_log_shares([stage.count for stage in view.funnel]),
            wording=wording,
            of_prints=OF_PRINTS,
            style=_asset("report.css"),
            plotly=_packed_plotly(),
            unpack=_asset("unpack.js"),
            scripts=[_asset(name) for name in _SCRIPTS],
            data=encode_payload(view, noise),
        )
    )
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(path)


def _packed_plotly() -> str:
    """Return plotly.js in gzip and base64, the same at each call."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode()


def _environment() -> Environment:
    from jinja2 import (  # noqa: PLC0415  (live pages use this room, too, and write no report)
        Environment,
        PackageLoader,
        StrictUndefined,
    )

    return Environment(
        loader=PackageLoader("reports", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    return (files("reports") / "assets" / name).read_text(encoding="utf-8")


def _ladder(view: RunView) -> list[list[headline.KeyNumber]]:
    """Return the ladder's rows, one key number a row and one step a column."""
    if len(view.ladder) < 2:  # noqa: PLR2004
        return []
    columns = [headline.key_numbers(assumed.metrics) for assumed in view.ladder]
    return [list(row) for row in zip(*columns, strict=True)]


def _log_shares(counts: list[int]) -> list[float]:
    """Return bar lengths in percent on a log scale, so that one of fifty million still shows."""
    most = math.log1p(max(counts, default=0)) or 1.0
    return [round(100 * math.log1p(count) / most, 2) for count in counts]
