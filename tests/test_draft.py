"""Drafts of models: valid and proved as written for every contract there is, and for any fields a contract may have.

`drafts/*.yaml` beside this are whole drafts, to be read line by line; `drafts/cases.json` has odd fields and what
becomes of them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from draft_cases import KNOWN, ON, Drafted, contract, contracts, drafted, wide
from pentaprism import CatalogError
from pentaprism.catalog.build import Builder
from pentaprism.catalog.document import Document
from pentaprism.catalog.draft import Known, add_endpoint, draft_endpoint
from pentaprism.catalog.draft.yaml_text import Entry, flow, lines
from pentaprism.catalog.lint import Severity, severity_of
from pentaprism.catalog.yaml_source import read_yaml
from pentaprism.prove import prove

FOLDER = Path(__file__).parent / "drafts"
CASES: dict[str, dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text(encoding="utf-8"))
# Whole drafts that are kept: every provider, one and two modes, each kind of form.
KEPT = (
    "bfl/flux-2-max",
    "fal/fal-ai/bytedance/seedream/v4/edit",
    "fal/fal-ai/flux/dev",
    "google/gemini-3-pro-image",
    "ideogram/ideogram-v3/edit",
    "ideogram/ideogram-v3/generate",
    "openai/images/edits",
    "replicate/black-forest-labs/flux-2-flex",
    "replicate/black-forest-labs/flux-dev",
)


def errors(draft: Drafted) -> list[str]:
    return [str(one) for one in draft.findings if severity_of(one.rule) is Severity.ERROR]


def of(name: str) -> Drafted:
    provider, _, own_id = name.partition("/")
    return drafted(provider, own_id)


@pytest.mark.parametrize("name", contracts())
def test_a_draft_of_every_contract_is_valid_and_proved_as_written(name: str) -> None:
    draft = of(name)
    assert errors(draft) == []
    [proof] = prove(draft.catalog, [draft.key], cases=50)
    assert (proof.bodies > 0, proof.violations, proof.refusals, proof.insensitive) == (True, [], [], [])


@pytest.mark.parametrize("name", contracts())
def test_a_draft_tells_of_every_field_it_concludes_something_from(name: str) -> None:
    """Each field is inferred to be something, reserved, or one of several that its first stands for."""
    draft = of(name)
    fields = draft.documents.contracts[name].data["properties"]
    told = {one.field.partition(".")[0].partition("[")[0] for one in draft.draft.inferences}
    untold = {one for one in fields if one not in told and one not in draft.draft.provider.reserved}
    assert {one for one in untold if one.rpartition("_")[0] not in told} == set()
    assert told <= set(fields)


@pytest.mark.parametrize("name", KEPT)
def test_drafts_as_kept(name: str) -> None:
    file = FOLDER / f"{name.replace('/', '.')}.yaml"
    draft = of(name)
    asked = "".join(f"# asked: {one}\n" for one in (*draft.questions, *draft.draft.questions))
    text = draft.text + asked
    if os.environ.get("PENTAPRISM_WRITE_GOLDENS"):
        file.write_text(text, encoding="utf-8")
        pytest.fail(f"{file.name} was written; read the difference, then run this again")
    assert file.read_text(encoding="utf-8") == text


def test_no_kept_draft_is_left_over() -> None:
    assert {file.stem for file in FOLDER.glob("*.yaml")} == {name.replace("/", ".") for name in KEPT}


@pytest.mark.parametrize("name", CASES)
def test_odd_fields(name: str) -> None:
    """What stands under `expect` is in the entry, or under `refused` in the reason why there is no draft."""
    case = CASES[name]
    known = Known(day=ON, **case.get("known", {}))
    document = contract({"prompt": {"type": "string"}, **case["fields"]}, *case.get("required", ["prompt"]))
    if "refused" in case:
        with pytest.raises(CatalogError) as caught:
            drafted(case.get("provider", "fal"), "made/up", document, known)
        assert [one.message for one in caught.value.findings] == case["refused"]
        return
    draft = drafted(case.get("provider", "fal"), "made/up", document, known)
    entry = draft.documents.models["a-draft"].data["endpoints"][0]
    assert {key: entry.get(key) for key in case["expect"]} == case["expect"]
    assert errors(draft) == []
    for told in case.get("told", []):
        assert told in draft.text
    assert [one for one in case.get("asked", []) if not any(one in told for told in draft.draft.questions)] == []
    assert prove(draft.catalog, [draft.key], cases=20)[0].violations == []


NAMES = (
    *("image", "image_url", "image_urls", "input_image", "input_image_2", "images", "mask", "mask_url", "image_size"),
    *("size", "width", "height", "aspect_ratio", "resolution", "megapixels", "num_images", "n", "strength", "steps"),
    *("guidance", "guidance_scale", "output_format", "output_compression", "response_format", "seed", "quality"),
    *("style", "negative_prompt", "background", "sync_mode", "webhook_url", "model", "voice", "moderation"),
)
NUMBERS = st.sampled_from(
    [{}, {"minimum": 0, "maximum": 1}, {"minimum": 1, "maximum": 4}, {"minimum": 256, "maximum": 2048}]
)
WORDS = st.sampled_from(
    [
        *(["auto", "1:1", "16:9", "custom"], ["1x3", "3x1"], ["1024x1024", "512x512", "auto"], ["1K", "2K", "auto_2K"]),
        *(["0.25", "1"], ["square_hd", "square"], ["png", "jpg"], ["match_input_image", "2:3", "3:2"], ["1"], ["low"]),
    ]
)
SIDES = st.fixed_dictionaries({"type": st.just("integer")}).flatmap(lambda one: NUMBERS.map(lambda more: one | more))
SCHEMAS = st.one_of(
    NUMBERS.map(lambda more: {"type": "integer", **more}),
    NUMBERS.map(lambda more: {"type": "number", **more}),
    WORDS.map(lambda words: {"type": "string", "enum": words, "default": words[0]}),
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "string", "format": "uri"},
            {"type": "string", "format": "binary"},
            {"type": "boolean", "default": True},
            {"type": "array", "items": {"type": "string", "format": "uri"}},
            {"type": "array", "items": {"type": "string", "format": "uri"}, "maxItems": 3},
        ]
    ),
    SIDES.map(
        lambda side: {
            "type": "object",
            "additionalProperties": False,
            "properties": {"width": side, "height": side},
            "required": ["width", "height"],
        }
    ),
)


@given(
    provider=st.sampled_from(sorted(wide().providers)),
    fields=st.dictionaries(st.sampled_from(NAMES), SCHEMAS, max_size=6),
    required=st.sets(st.sampled_from(NAMES), max_size=2),
)
def test_a_draft_of_any_fields_is_valid_or_refused_with_the_reason(
    provider: str, fields: dict[str, Any], required: set[str]
) -> None:
    needs = [name for name in sorted(required) if name in fields]
    try:
        draft = drafted(provider, "made/up", contract({"prompt": {"type": "string"}, **fields}, "prompt", *needs))
    except CatalogError as error:
        refused = error.findings
    else:
        assert errors(draft) == []
        [proof] = prove(draft.catalog, [draft.key], cases=2)
        assert proof.violations == []
        return
    assert {one.rule for one in refused} == {"unknown-constant"}
    assert all(any(f"requires {name!r}" in one.message for name in needs) for one in refused)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"type": "object", "additionalProperties": False}, "this is no object with properties"),
        ({"type": "object", "additionalProperties": False, "properties": {"a": {"oneOf": []}}}, "'oneOf'"),
        ({"properties": {"a": {}}, "additionalProperties": False, "x-provenance": None}, "x-provenance"),
    ],
)
def test_a_contract_that_is_none_is_refused(data: dict[str, Any], message: str) -> None:
    whole = {"x-provenance": {"source": "made up", "date": "2026-11-21", "method": "inferred"}, **data}
    with pytest.raises(CatalogError) as caught:
        drafted("fal", "made/up", Document("made-up.json", whole))
    assert message in str(caught.value)


def test_a_draft_of_nothing_but_sizes_tells_of_nothing_else() -> None:
    size = {"type": "string", "enum": ["512x512"]}
    draft = drafted("bfl", "made/up", contract({"size": size}))
    assert [(one.field, one.becomes) for one in draft.draft.inferences] == [("size", "sizes (list)")]
    assert "native" not in draft.text


ENTRY = "  - provider: fal\n    id: made/up\n"
# What a file says after its name, and where the new entry (of which `+` stands for every line) comes into it.
FILES = {
    "the endpoints end the file": ("endpoints:\n  - id: a\n", "endpoints:\n  - id: a\n+"),
    "nothing ends the file": ("endpoints:\n  - id: a", "endpoints:\n  - id: a\n+"),
    "a key follows": (
        "endpoints:\n  - {id: a}\n\n# said of tags\ntags: [x]\n",
        "endpoints:\n  - {id: a}\n+\n# said of tags\ntags: [x]\n",
    ),
    "a remark on what follows": ("endpoints:\n  - id: a\n  # on b\nb: 1\n", "endpoints:\n  - id: a\n+  # on b\nb: 1\n"),
    "a remark on the last endpoint": (
        "endpoints:\n  - id: a   # one\n    # indented as it is\n\n  # not indented\n",
        "endpoints:\n  - id: a   # one\n    # indented as it is\n+\n  # not indented\n",
    ),
    "a folded text at its end": (
        "endpoints:\n  - checked:\n      source: >-\n        two\n        lines\nname: X\n",
        "endpoints:\n  - checked:\n      source: >-\n        two\n        lines\n+name: X\n",
    ),
    "a list at its end": (
        "endpoints:\n  - id: a\n    prices:\n      - {usd: 1,\n         per: image}\ntags: []\n",
        "endpoints:\n  - id: a\n    prices:\n      - {usd: 1,\n         per: image}\n+tags: []\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_an_endpoint_more_leaves_a_file_as_it_is(name: str) -> None:
    before, after = FILES[name]
    draft = drafted("fal", "made/up", contract({"size": {"type": "string", "enum": ["512x512"]}})).draft
    written = add_endpoint(Document("x.yaml"), before, draft)
    added = written.removeprefix(after.partition("+")[0]).removesuffix(after.partition("+")[2])
    assert written == after.replace("+", added)
    assert added.startswith(ENTRY)
    assert read_yaml("", written).data["endpoints"][-1]["id"] == "made/up"
    assert read_yaml("", written).data["endpoints"][:-1] == read_yaml("", before).data["endpoints"]


def test_an_endpoint_more_is_indented_and_ended_as_the_others_are() -> None:
    draft = drafted("fal", "made/up", contract({})).draft
    written = add_endpoint(Document("x.yaml"), "endpoints:\r\n- id: a\r\n", draft)
    assert written.startswith("endpoints:\r\n- id: a\r\n- provider: fal\r\n  id: made/up\r\n")
    assert "\n" not in written.replace("\r\n", "")


@pytest.mark.parametrize("text", ["endpoints: [{id: a}]\n", "name: X\n", "endpoints: 3\n"])
def test_endpoints_in_brackets_take_no_more(text: str) -> None:
    draft = drafted("fal", "made/up", contract({})).draft
    with pytest.raises(CatalogError, match="must be a list with a line for each dash"):
        add_endpoint(Document("x.yaml"), text, draft)


def test_what_the_author_knows_of_the_model_is_not_asked_for() -> None:
    known = Known(day=ON, name="A: b", family="f", creator="c", summary="It is #1.")
    told = drafted("fal", "made/up", contract({}), known)
    assert told.questions == []
    assert told.text.startswith("# yaml-language-server: $schema=../../schema/model.json\n")
    assert 'name: "A: b"\nfamily: f\ncreator: c\nsummary: "It is #1."\nendpoints:\n' in told.text
    about = told.documents.models["a-draft"].data
    assert [about[key] for key in ("name", "family", "creator", "summary")] == ["A: b", "f", "c", "It is #1."]
    assert [one.partition("?")[0] for one in drafted("fal", "made/up", contract({})).questions] == [
        "what do people call the model (`name`)",
        "which family does it belong to (`family`, and the folder)",
        "who made it (`creator`)",
        "what is it, in a sentence of your own (`summary`)",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(-1e9, 1e9) | st.text(max_size=12),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_is_written_reads_back_as_it_was(value: Any) -> None:
    for text in ("\n".join(lines([Entry("key", value, ("why:\n not",))], 0)), f"key: {flow(value)}"):
        document = read_yaml("", text)
        assert document.findings == []
        assert document.data == {"key": value}


def test_drafting_changes_nothing_of_the_catalog() -> None:
    builder = Builder(wide())
    before = [len(document.findings) for _, document in builder.documents.each()]
    document = builder.documents.contracts["fal/fal-ai/flux/dev"]
    first = draft_endpoint(builder, builder.providers["fal"], "fal-ai/flux/dev", document, KNOWN)
    assert first == draft_endpoint(builder, builder.providers["fal"], "fal-ai/flux/dev", document, KNOWN)
    assert [len(one.findings) for _, one in builder.documents.each()] == before
    assert builder.findings == []
