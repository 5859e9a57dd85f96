"""What is installed is pinned by hash and comes from no address of ours."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PINS = re.findall(r"^([a-z0-9-]+)==(\S+)((?:.*\\\n)+.*)", LOCK, re.MULTILINE)


def test_lock_pins_every_package_with_hashes_and_holds_nothing_else() -> None:
    assert len(PINS) > 50
    rest = re.sub(
        r"^[a-z0-9-]+==\S+( ; [^\\]+)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n)+",
        "",
        LOCK,
        flags=re.MULTILINE,
    )
    assert rest == ""


def test_lock_satisfies_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *(name for extra in project["project"]["optional-dependencies"].values() for name in extra),
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    pinned = {name: version for name, version, _ in PINS}
    for requirement in map(Requirement, wanted):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not in requirements.lock: run `make lock`"
        assert requirement.specifier.contains(version, prereleases=True), requirement


def test_nautilus_is_pinned_exactly() -> None:
    assert "nautilus-trader==2.0.0rc7 " in LOCK
