"""Whether each model is written about in words of its own.

Row 3. It must not judge style, and leaves facts (`dissents`, sources) alone: those may well be the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..document import Path
from ..scene import Scene
from .linter import Remark, Severity, linter, remark

__all__ = ["repeated_prose"]

_PROSE = ("summary", "overview", "strengths", "limitations", "technical_background", "best_for")
_FEWEST_WORDS = 8
_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+")
_WORD = re.compile(r"[^\W_]+")


@linter(
    "No sentence about one model stands in the file of another.",
    severity=Severity.WARNING,
    why="A reader who compares two models learns nothing from what is said of both, and one of the two is often wrong.",
    fix="Say what is particular to this model, or leave the sentence out.",
)
def repeated_prose(scene: Scene) -> Iterator[Remark]:
    seen: dict[tuple[str, ...], str] = {}
    for model_id, root in scene.roots:
        for path, text in _texts(root.data):
            copied = [one for one in _sentences(text) if seen.setdefault(_words(one), model_id) != model_id]
            if copied:
                start = " ".join(copied[0].split()[:6])
                yield remark(root, f"{seen[_words(copied[0])]} says this in the same words: {start!r} ...", *path)


def _sentences(text: str) -> Iterator[str]:
    """The sentences, and the parts of long ones, that are long enough not to be the same by chance."""
    for sentence in _SENTENCE_END.split(text):
        if len(_words(sentence)) >= _FEWEST_WORDS:
            yield sentence


def _words(sentence: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(sentence.casefold()))


def _texts(model: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for key in _PROSE:
        value = model.get(key, "")
        if isinstance(value, str):
            yield (key,), value
        else:
            yield from (((key, index), text) for index, text in enumerate(value))
