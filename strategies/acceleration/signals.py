"""What the acceleration strategy sees: the candidates that the compiled gates let through."""

from __future__ import annotations

from collections.abc import Sequence

from engine.domain.candidate import BucketReport, Candidate


def candidates(report: BucketReport) -> Sequence[Candidate]:
    """Return the candidates of a bucket: all that the compiled scanner has raised.

    Its oscillators and gates (``engine.signals.kernel``) are this strategy's; no other one raises
    any there.
    """
    return report.candidates
