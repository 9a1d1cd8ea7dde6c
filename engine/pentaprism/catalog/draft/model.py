"""A drafted endpoint in a model's file: a new one, or one that is there and keeps every word it has.

Row 3. What a contract cannot say of a model stands as a word that says so (`creator: unknown`, the endpoint's own id
for a name), with a comment. It must not write files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from ...errors import CatalogError
from ...types import Mode
from ..document import Document
from .endpoint import EndpointDraft
from .inference import Known
from .yaml_text import Entry, lines

__all__ = ["add_endpoint", "new_model"]

_SCHEMA_LINE = "# yaml-language-server: $schema=../../schema/model.json"
"""The first line of a model's file; editors complete and check by it."""


def new_model(
    model_id: str, draft: EndpointDraft, known: Known, *, amends: bool = False, schemas: bool = True
) -> tuple[str, list[str]]:
    """The text of a model's file with one endpoint, and what is left to ask about the model.

    `amends`: the model stands in a catalog below, so that the file says nothing about it but the endpoint. `schemas`:
    whether the schemas lie beside the models, for the first line to name one.
    """
    entries, questions = ([], []) if amends else _about(model_id, draft, known)
    written = [*lines(entries, 0), "endpoints:", *_listed(draft, 2)]
    return "\n".join([*([_SCHEMA_LINE] if schemas else []), *written]) + "\n", questions


def _about(model_id: str, draft: EndpointDraft, known: Known) -> tuple[list[Entry], list[str]]:
    """The model's own keys; what the author did not tell is said to be unknown, or to stand in for something."""
    does = {Mode.TEXT_TO_IMAGE: "makes pictures from words", Mode.IMAGE_EDIT: "changes pictures"}
    summary = f"A model that {' and '.join(does[mode] for mode in draft.modes)}, served as {draft.id}."
    stand_ins = (
        ("name", known.name, draft.id, "the endpoint's own id stands here until its creator's name for it is known"),
        (
            "family",
            known.family,
            model_id,
            "the model's id stands here, and names the folder, until its family is known",
        ),
        ("creator", known.creator, "unknown", "no contract says who made it"),
        ("summary", known.summary, summary, "inferred from the contract; what sets it apart is yours to say"),
    )
    entries, questions = [], []
    for key, told, stand_in, why in stand_ins:
        entries.append(Entry(key, told or stand_in, () if told else (why,)))
        if not told:
            questions.append(f"{_ASKED[key]} Now it says {stand_in!r}")
    return entries, questions


_ASKED = {
    "name": "what do people call the model (`name`)?",
    "family": "which family does it belong to (`family`, and the folder)?",
    "creator": "who made it (`creator`)?",
    "summary": "what is it, in a sentence of your own (`summary`)?",
}


def _listed(draft: EndpointDraft, indent: int) -> Iterator[str]:
    """The endpoint as an item of a list, its dash `indent` columns in."""
    margin = " " * indent
    for number, line in enumerate(lines(draft.entries, indent + 2)):
        yield f"{margin}- {line[indent + 2 :]}" if number == 0 else line


def add_endpoint(document: Document, text: str, draft: EndpointDraft) -> str:
    """A model's file with one endpoint more, after those it has; everything else stays as it is, byte for byte.

    Raises:
        CatalogError: its endpoints do not stand one below the other.

    >>> text = "name: X\\nendpoints:\\n- id: a   # the first\\n# the end\\n"
    >>> draft = EndpointDraft(provider=None, id="b", modes=(), entries=(Entry("id", "b"),), inferences=(), questions=())
    >>> print(add_endpoint(Document("x.yaml"), text, draft), end="")
    name: X
    endpoints:
    - id: a   # the first
    - id: b
    # the end
    """
    root: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    found = next((value for key, value in root.value if key.value == "endpoints"), None)
    if not isinstance(found, yaml.SequenceNode) or found.flow_style or not found.value:
        message = "`endpoints` must be a list with a line for each dash, so that one can be added below the last"
        raise CatalogError([document.finding(("endpoints",), "no-list", message)])
    written = text.splitlines(keepends=True)
    indent = found.start_mark.column
    end = _last_line(found) + 1
    # Remarks indented as the entry is belong to it.
    while end < len(written) and (rest := written[end].lstrip(" ")).startswith("#"):
        if len(written[end]) - len(rest) <= indent:
            break
        end += 1
    line_end = "\r\n" if written[0].endswith("\r\n") else "\n"
    if not written[end - 1].endswith("\n"):
        written[end - 1] += line_end
    added = [line + line_end for line in _listed(draft, indent)]
    return "".join([*written[:end], *added, *written[end:]])


def _last_line(node: yaml.Node) -> int:
    """The line in which a value ends, counting from 0; the end of a block reaches to what follows it."""
    children = node.value if isinstance(node, yaml.SequenceNode) else []
    if isinstance(node, yaml.MappingNode):
        children = [value for _, value in node.value]
    if children and not getattr(node, "flow_style", False):
        return _last_line(children[-1])
    return int(node.end_mark.line) - (1 if node.end_mark.column == 0 else 0)
