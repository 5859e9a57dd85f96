"""The candidates of the last minute, as a live day shows them."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from engine.decision.confidence import Check, Outcome
from engine.decision.decide import Verdict
from engine.domain.candidate import Candidate
from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.session import NANOS_PER_SECOND
from engine.runtime.live import LiveDay
from reports.sparkline import sparkline

_ROWS = 8
_KEPT_NS = 60 * NANOS_PER_SECOND
_NARROW, _SPARK, _SHORT_SPARK = 100, 24, 12
_COLOURS = {Outcome.PASSED: "green", Outcome.FAILED: "red", Outcome.UNKNOWN: "yellow"}


class Radar:
    """Remembers each candidate of the last minute, and what was last decided on it."""

    def __init__(self, day: LiveDay) -> None:
        self._day = day
        self._seen: dict[str, Candidate] = {}
        self._judged: dict[str, Verdict] = {}
        self._decisions = 0

    def look(self) -> None:
        """Take what is new."""
        report, decisions = self._day.scanner.latest, self._day.strategy.decisions
        for decision in decisions[self._decisions :]:
            self._judged |= {verdict.symbol: verdict for verdict in decision.verdicts}
        self._decisions = len(decisions)
        if report is None:
            return
        self._seen |= {candidate.symbol: candidate for candidate in report.candidates}
        since = report.ts_event - _KEPT_NS
        self._seen = {name: each for name, each in self._seen.items() if each.ts_event > since}

    def table(self, width: int) -> RenderableType:
        """Return the strongest ones; in a narrow terminal with shorter lines."""
        wide = width >= _NARROW
        table = Table(box=None, expand=True, padding=(0, 1, 0, 0), header_style="dim")
        for name in ("symbol", "side"):
            table.add_column(name, no_wrap=True)
        for name in ("last", "ac z", "ago"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("ao", no_wrap=True)
        table.add_column("confidence", no_wrap=True)
        table.add_column("why", ratio=1, no_wrap=True, overflow="ellipsis")
        strongest = sorted(self._seen.values(), key=lambda each: -each.score)[:_ROWS]
        for each in strongest:
            table.add_row(*self._row(each, _SPARK if wide else _SHORT_SPARK))
        return table if strongest else Text("no candidate in the last minute", style="dim")

    def _row(self, candidate: Candidate, width: int) -> list[RenderableType]:
        verdict = self._judged.get(candidate.symbol)
        if verdict is not None and verdict.ts_event <= candidate.ts_event - _KEPT_NS:
            verdict = None
        ago = (self._day.pulse.now() - candidate.ts_event) // NANOS_PER_SECOND
        long = candidate.side > 0
        return [
            Text(candidate.symbol, style="bold" if candidate.qualified else "dim"),
            Text("long" if long else "short", style="green" if long else "red"),
            f"{candidate.last / PRICE_SCALE:,.2f}",
            f"{candidate.side * candidate.score:+.1f}",
            f"{max(0, ago)} s",
            Text(sparkline(candidate.window.ao, width), style="cyan"),
            lights(() if verdict is None else verdict.checks),
            _why(candidate, verdict),
        ]


def lights(checks: tuple[Check, ...]) -> Text:
    """Return a light for each filter that was consulted."""
    text = Text()
    for check in checks:
        text.append("●" if check.outcome in _COLOURS else "·", _COLOURS.get(check.outcome, "dim"))
    return text


def _why(candidate: Candidate, verdict: Verdict | None) -> Text:
    if verdict is None:
        return Text("qualified" if candidate.qualified else str(candidate.phase), style="dim")
    if verdict.approved:
        return Text("approved", style="bold green")
    return Text(f"{verdict.reason}: {verdict.detail}" if verdict.detail else str(verdict.reason))
