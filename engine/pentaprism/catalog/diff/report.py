"""A comparison as text for a terminal and as Markdown for a review.

Row 3. Both have a section for each weight and a block for each thing differences are about; what is the same at several
endpoints is told once. Text out of catalogs is data: in Markdown it stays text. It must not leave a difference out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .compare import CatalogDiff, Side
from .difference import Difference, Kind, Weight

__all__ = ["HEADINGS", "as_markdown", "as_text", "in_markdown"]

HEADINGS = {
    Weight.WORSE: "Dearer, gone or narrower",
    Weight.OTHER: "Different",
    Weight.BETTER: "New, cheaper or wider",
    Weight.NOTE: "Words, sources and dates",
}
# So many hexadecimal digits tell one content hash from another.
_DIGITS = len("sha256:") + 12
# What would mean something to Markdown or HTML, or call somebody; an underscore inside a word does not.
_SIGNS = re.compile(r"(?<![^\W_])_|_(?![^\W_])|\A>|[\\`*\[\]<|&@~#]")


def as_text(found: CatalogDiff) -> str:
    """The comparison for a terminal.

    >>> from pentaprism import Catalog
    >>> from .compare import diff
    >>> print(as_text(diff(Catalog.load(), Catalog.load())).splitlines()[-1])
    No difference.
    """
    return "\n".join(_text(found)) + "\n"


def _text(found: CatalogDiff) -> Iterator[str]:
    yield f"{_side(found.before)} -> {_side(found.after)}"
    yield counted(found)
    for weight, heading in HEADINGS.items():
        told = found.of(weight)
        if told:
            yield ""
            yield heading
        for about, lines in _blocks(told):
            yield f"  {about}"
            yield from (f"    {line}" for line in lines)


def as_markdown(found: CatalogDiff, *, title: str = "Catalog") -> str:
    """The comparison for a review: a table for each weight, words and dates folded away.

    >>> from pentaprism import Catalog
    >>> from .compare import diff
    >>> as_markdown(diff(Catalog.load(), Catalog.load())).splitlines()[0].startswith("### Catalog: ")
    True
    """
    return "\n".join(_markdown(found, title)) + "\n"


def _markdown(found: CatalogDiff, title: str) -> Iterator[str]:
    yield f"### {in_markdown(title)}: {in_markdown(_side(found.before))} → {in_markdown(_side(found.after))}"
    yield ""
    yield counted(found)
    for weight, heading in HEADINGS.items():
        told = found.of(weight)
        if not told:
            continue
        folded = weight is Weight.NOTE
        yield ""
        yield f"<details><summary>{heading} ({len(told)})</summary>" if folded else f"#### {heading}"
        yield ""
        yield "| where | what |"
        yield "|---|---|"
        for about, lines in _blocks(told):
            yield from (f"| {in_markdown(about)} | {in_markdown(line)} |" for line in lines)
        if folded:
            yield ""
            yield "</details>"


def in_markdown(text: str) -> str:
    """Text as text in a line or a cell of Markdown.

    >>> print(in_markdown("FLUX.1 [dev] a|b image_size"))
    FLUX.1 &#91;dev&#93; a&#124;b image_size
    """
    return _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", " ".join(text.split()))


def counted(found: CatalogDiff) -> str:
    """How many differences there are of each weight, in a line.

    >>> from pentaprism import Catalog
    >>> from .compare import diff
    >>> counted(diff(Catalog.load(), Catalog.load()))
    'No difference.'
    """
    if not found:
        return "No difference."
    headings = {**HEADINGS, Weight.NOTE: "of words, sources and dates"}
    numbers = [f"{len(found.of(weight))} {words.lower()}" for weight, words in headings.items() if found.of(weight)]
    count = len(found.differences)
    return f"{count} difference{'' if count == 1 else 's'}: {'; '.join(numbers)}."


def _side(side: Side) -> str:
    named = f"{side.name}, " if side.name else ""
    return f"{named}{side.version} ({side.hash[:_DIGITS]})"


def _blocks(differences: Sequence[Difference]) -> Iterator[tuple[str, list[str]]]:
    """Lines by what they are about, in the order of the weightiest; a line that several share stands once for them."""
    new = {one.model for one in differences if one.kind is Kind.MODEL_NEW}
    lines: dict[str, dict[str, None]] = {}
    for one in differences:
        about, line = one.about, one.message if one.mode is None else f"{one.mode.short}: {one.message}"
        if one.kind is Kind.ENDPOINT_NEW and one.model in new:
            # A new model's endpoints belong into its block.
            about, line = str(one.model), f"{one.endpoint} {line}"
        lines.setdefault(line, {})[about] = None
    blocks: dict[str, list[str]] = {}
    for line, abouts in lines.items():
        blocks.setdefault(", ".join(abouts), []).append(line)
    yield from blocks.items()
