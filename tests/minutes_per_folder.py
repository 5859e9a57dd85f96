"""At the end of a test run, how many minutes each folder of tests took."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

_SHORT_SECS = 60.0
"""A run that took less is not worth a table."""


class MinutesPerFolder:
    """Adds up how long the tests of each first-level folder of ``tests/`` took.

    Setup and teardown count for the test they belong to, a shared fixture for its first user. With
    several workers the sums are of work, not of waiting: each worker's minutes are counted.
    """

    def __init__(self) -> None:
        self._secs: defaultdict[str, float] = defaultdict(float)
        self._tests: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one phase of one test, wherever it ran."""
        folder = "/".join(report.nodeid.partition("::")[0].split("/")[:2])
        self._secs[folder] += report.duration
        self._tests[folder] += report.when == "call"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the folders, slowest first."""
        whole = sum(self._secs.values())
        if whole < _SHORT_SECS:
            return
        terminalreporter.write_sep("=", "minutes per folder, summed over workers")
        for folder, secs in sorted(self._secs.items(), key=lambda each: -each[1]):
            terminalreporter.write_line(
                f"{secs / 60:6.2f} min {secs / whole:5.0%}  {folder} ({self._tests[folder]} tests)"
            )
        terminalreporter.write_line(f"{whole / 60:6.2f} min        all")
