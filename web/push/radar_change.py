"""What is new on the radar since the frame before, so that 36 buckets of 50 rows are sent once.

A row is told by its strategy, symbol and side. A change has, in the order of the new frame, for
each row either its place in the frame before, where nothing of it is new, or its values with the
points that its window has got since (``full`` false), or with the whole window (``full`` true).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.display.frame import RadarRow
from web.exact import exact

FIELDS = tuple(name for name in RadarRow.__struct_fields__ if name != "window")
_WINDOW = ("ts", "last", "volume", "ao", "ac")

type Row = dict[str, Any]


def radar_rows(rows: tuple[RadarRow, ...]) -> list[Row]:
    """Return rows as they are sent."""
    return exact(rows)


def whole_radar(rows: list[Row]) -> Row:
    """Return all there is to say of some rows."""
    return {"fields": FIELDS, "rows": [[*_values(row), _window(row, 0)] for row in rows]}


def radar_change(before: list[Row], rows: list[Row]) -> Row:
    """Return what is new of rows."""
    places = {_key(row): place for place, row in enumerate(before)}
    changed: list[Any] = []
    for row in rows:
        place = places.get(_key(row))
        if place is None:
            changed.append([*_values(row), _window(row, 0)])
        elif before[place] == row:
            changed.append(place)
        else:
            new_from = _new_from(before[place]["window"], row["window"])
            changed.append([*_values(row), _window(row, new_from)])
    return {"rows": changed}


def _key(row: Row) -> tuple[Any, ...]:
    return row["strategy_id"], row["symbol"], row["side"]


def _values(row: Row) -> list[Any]:
    return [row[name] for name in FIELDS]


def _window(row: Row, new_from: int) -> Row:
    window = row["window"]
    return {"full": new_from == 0} | {name: window[name][new_from:] for name in _WINDOW}


def _new_from(before: Mapping[str, Any], window: Mapping[str, Any]) -> int:
    """Return the place of the first point that is new; 0 where the others are not the same."""
    times = window["ts"]
    if not before["ts"] or before["ts"][-1] not in times:
        return 0
    known = times.index(before["ts"][-1]) + 1
    same = all(before[name][-known:] == window[name][:known] for name in _WINDOW)
    return known if same else 0
