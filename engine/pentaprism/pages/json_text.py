"""Values as JSON that people read on a page. Row 7, standard library only; it must not know where it is printed."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["compact_json", "pretty_json", "text_of"]

# Line ends that JSON leaves in strings but Markdown might break a line at.
_LINE_ENDS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}


def pretty_json(value: Any) -> str:
    """JSON over several lines, for people; no line of it can end a code block."""
    return json.dumps(value, indent=2, ensure_ascii=False).translate(_LINE_ENDS)


def compact_json(value: Any) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False).translate(_LINE_ENDS)


def text_of(leaves: Any) -> str:
    """What is written at each path, in a line: `aspect_ratio: "4:3", megapixels: "1"`.

    >>> text_of({"size": "1024x768"})
    'size: "1024x768"'
    """
    return ", ".join(f"{path}: {compact_json(value)}" for path, value in leaves.items())
