"""A browser for the report's tests, where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SCRIPT_SECS = 8


@dataclass(frozen=True)
class Opened:
    """A page as the browser has it: its elements after its scripts ran, and its complaints."""

    dom: str
    console: list[str]


@pytest.fixture(scope="session")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Opened]:
    """Return a function that opens a file in a headless browser, or skip where there is none."""
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser: none of {', '.join(_BROWSERS)} is on the PATH")
    profile = tmp_path_factory.mktemp("browser")

    def open_page(path: Path) -> Opened:
        done = subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--enable-logging=stderr",
                f"--user-data-dir={profile}",
                f"--virtual-time-budget={_SCRIPT_SECS * 1_000}",
                "--window-size=1400,8000",
                "--dump-dom",
                path.as_uri(),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return Opened(done.stdout, re.findall(r"CONSOLE.*", done.stderr))

    return open_page
