"""Python, its packages and the clock of this machine."""

from __future__ import annotations

import ctypes
import platform
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from app.doctor.check import Check, failed, passed, warned

DISTRIBUTION = "tradectl"
_INSTALL = "install what requirements.lock pins: 'make', or 'pip install -r requirements.lock'"

_LOOK_SECS = 0.2
_STEP_SECS = 0.01
"""Wall and monotonic clock part by less than this in one look unless somebody sets the clock."""

_MOST_ERROR_SECS = 0.1
_TIME_ERROR = 5
"""What ``adjtimex`` returns while nothing keeps the clock right."""


class _Timex(ctypes.Structure):
    """The head of Linux's ``struct timex``, adjtimex(2); microseconds."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("rest", ctypes.c_byte * 256),
    )


def python() -> Check:
    """Check the version of Python against what the package asks for."""
    found = platform.python_version()
    try:
        needed = metadata(DISTRIBUTION)["Requires-Python"]
    except PackageNotFoundError:
        return warned("python", f"{found}; tradectl is not installed", _INSTALL)
    if not SpecifierSet(needed).contains(found, prereleases=True):
        remedy = f"install a Python {needed} and tradectl in it"
        return failed("python", f"{found}, expected {needed}", remedy)
    return passed("python", found)


def packages() -> Check:
    """Check that every package tradectl asks for is installed in a version it allows."""
    try:
        texts = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return warned("packages", "tradectl is not installed: nothing to compare with", _INSTALL)
    needed = [Requirement(text) for text in texts]
    needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    wrong = list(unmet(needed))
    if wrong:
        return failed("packages", "; ".join(wrong), _INSTALL)
    return passed("packages", f"{len(needed)} as asked for")


def unmet(needed: Iterable[Requirement]) -> Iterator[str]:
    """Yield what is missing or of another version than is needed."""
    for requirement in needed:
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield f"{requirement.name} is missing, expected {requirement.specifier}"
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} is {found}, expected {requirement.specifier}"


def clock() -> Check:
    """Check that nothing sets the wall clock while it is watched and that something keeps it."""
    before = time.time() - time.monotonic()
    time.sleep(_LOOK_SECS)
    stepped = abs(time.time() - time.monotonic() - before)
    kept, error = _kernel_clock()
    return judged_clock(stepped, kept=kept, error=error)


def judged_clock(stepped: float, *, kept: bool | None, error: float) -> Check:
    """Return what a clock's behaviour means.

    Parameters
    ----------
    stepped : float
        Seconds by which the wall clock left the monotonic one within a fifth of a second.
    kept : bool or None
        Whether the kernel says that the clock is kept right; None where it cannot be asked.
    error : float
        The kernel's bound on its error, seconds.
    """
    remedy = "run one time service (chrony, systemd-timesyncd) and let it slew, not step"
    if stepped > _STEP_SECS:
        return failed("clock", f"set by {stepped:.3f} s while watched", remedy)
    if kept is None:
        return passed("clock", "steady; the kernel does not say whether it is kept right")
    if not kept:
        return warned("clock", "steady, but the kernel says that nothing keeps it right", remedy)
    if error > _MOST_ERROR_SECS:
        return warned("clock", f"may be wrong by {error:.3f} s", remedy)
    return passed("clock", f"kept right within {error * 1000:.0f} ms")


def _kernel_clock() -> tuple[bool | None, float]:
    """Return whether the kernel's clock is kept right, and by how many seconds it may be wrong."""
    ask = getattr(ctypes.CDLL(None), "adjtimex", None)
    if ask is None:
        return None, 0
    answer = _Timex()
    state = ask(ctypes.byref(answer))
    if state < 0:
        return None, 0
    return state != _TIME_ERROR, answer.maxerror / 1e6
