"""The command line of another process of this program, which imports from where this one does.

Python looks for modules in the current folder first: a folder ``cli`` or a file ``random.py`` of
whoever starts a command there would take the place of ours or Python's.
"""

from __future__ import annotations

import json
import sys

_WHERE = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "


def own_process(code: str, *arguments: str) -> list[str]:
    """Return the command that runs Python code, whose ``sys.argv[1:]`` are the arguments."""
    return [sys.executable, "-P", "-c", _WHERE + code, json.dumps(sys.path), *arguments]
