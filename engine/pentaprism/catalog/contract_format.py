"""A contract as text: JSON that a person can read and a diff can show, one field a line where it fits.

Row 3. It prints what it is given in the order it is given; `contract_import` decides what a contract says. It must not
leave anything out or put anything in: reading the text back gives the same data in the same order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["WIDTH", "format_contract"]

WIDTH = 120
"""Columns a line may have; the same as in this project's code."""
_STEP = 2


def format_contract(schema: Mapping[str, Any]) -> str:
    """The text of a contract's file, with a newline at its end.

    The file and its `properties` are one entry a line; below that whatever fits into `WIDTH` columns is one line, and
    a list of plain values that does not fit fills as many as it needs.

    >>> print(format_contract({"type": "object", "required": ["a"], "properties": {"a": {"enum": [1, 2]}}}), end="")
    {
      "type": "object",
      "required": ["a"],
      "properties": {
        "a": {"enum": [1, 2]}
      }
    }
    """
    lines = []
    for key, value in schema.items():
        opened = key == "properties" and isinstance(value, Mapping) and bool(value)
        lead = f"{_text(key)}: "
        lines.append(lead + _printed(value, _STEP, len(lead), opened=opened))
    return "{\n" + ",\n".join(" " * _STEP + line for line in lines) + "\n}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _printed(value: Any, indent: int, used: int, *, opened: bool = False) -> str:
    """A value whose first line starts `indent + used` columns in; a comma must fit behind it."""
    flat = _text(value)
    if not isinstance(value, (Mapping, list, tuple)) or not value:
        return flat
    if not opened and indent + used + len(flat) < WIDTH:
        return flat
    inner = indent + _STEP
    if isinstance(value, Mapping):
        leads = {key: f"{_text(key)}: " for key in value}
        entries = [lead + _printed(value[key], inner, len(lead)) for key, lead in leads.items()]
        return _stacked("{", entries, "}", indent)
    if any(isinstance(entry, (Mapping, list, tuple)) for entry in value):
        return _stacked("[", [_printed(entry, inner, 0) for entry in value], "]", indent)
    return _stacked("[", _filled([_text(entry) for entry in value], WIDTH - inner), "]", indent)


def _stacked(start: str, entries: list[str], end: str, indent: int) -> str:
    margin = " " * (indent + _STEP)
    return f"{start}\n{margin}" + f",\n{margin}".join(entries) + f"\n{' ' * indent}{end}"


def _filled(words: list[str], width: int) -> list[str]:
    """Plain values put together to lines; each line will be followed by a comma or nothing."""
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]}, {word}"
        if len(longer) < width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
