"""Server-sent events: read the same however the body is cut and its lines are ended."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.exchange.sse import EventReader, ServerSentEvent

CASES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "one": ("event: a\ndata: 1\n\n", [("a", "1")]),
    "no type": ("data: 1\n\n", [("message", "1")]),
    "the type holds for one event": ("event: a\ndata: 1\n\ndata: 2\n\n", [("a", "1"), ("message", "2")]),
    "the last type counts": ("event: a\nevent: b\ndata: 1\n\n", [("b", "1")]),
    "several lines": ("data: 1\ndata:\ndata: 3\n\n", [("message", "1\n\n3")]),
    "one space is not the data's": ("data:1\n\ndata:  2\n\n", [("message", "1"), ("message", " 2")]),
    "a colon in the data": ('data: {"a": "b:c"}\n\n', [("message", '{"a": "b:c"}')]),
    "a name alone": ("data\n\n", [("message", "")]),
    "comments": (": hello\n\n:\ndata: 1\n: again\n\n", [("message", "1")]),
    "a type without data": ("event: a\n\ndata: 1\n\n", [("message", "1")]),
    "other fields": ("id: 7\nretry: 9\nfoo: bar\ndata: 1\n\n", [("message", "1")]),
    "a byte order mark": ("\ufeffdata: 1\n\n", [("message", "1")]),
    "no mark later": ("data: 1\n\n\ufeffdata: 2\n\n", [("message", "1")]),
    "words": ("data: größer 猫\n\n", [("message", "größer 猫")]),
    "an unfinished event": ("data: 1\n\ndata: 2\n", [("message", "1")]),
    "an unfinished line": ("data: 1\n\ndata: 2", [("message", "1")]),
    "nothing": ("", []),
    "blank lines": ("\n\n\n", []),
}


def read(body: bytes, cuts: list[int]) -> list[ServerSentEvent]:
    """The events of a body cut at these places."""
    reader = EventReader()
    places = [0, *sorted(cut for cut in cuts if cut <= len(body)), len(body)]
    pieces = [body[start:end] for start, end in itertools.pairwise(places)]
    return [event for piece in pieces for event in reader.feed(piece)]


@pytest.mark.parametrize("case", CASES)
@given(st.data())
def test_cuts_and_line_ends_change_nothing(case: str, data: st.DataObject) -> None:
    text, expected = CASES[case]
    # A return alone and a line feed after it would be one end.
    kinds = data.draw(st.sampled_from([("\n", "\r\n"), ("\r",)]))
    written = "".join(data.draw(st.sampled_from(kinds)) if sign == "\n" else sign for sign in text)
    cuts = data.draw(st.lists(st.integers(0, 100), max_size=8))
    assert read(written.encode(), cuts) == expected


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=8))
def test_any_bytes_are_read_the_same_however_cut(body: bytes, cuts: list[int]) -> None:
    assert read(body, cuts) == read(body, [])


def test_an_event_is_there_as_soon_as_its_blank_line_is() -> None:
    reader = EventReader()
    assert reader.feed(b"data: 1\r") == []
    assert reader.feed(b"\n\r") == [ServerSentEvent("message", "1")]
    assert reader.feed(b"\n") == []
    assert reader.feed(b"data: 2\n\n") == [ServerSentEvent("message", "2")]


def test_what_is_no_text_is_replaced() -> None:
    assert read(b"data: \xff\n\n", []) == [ServerSentEvent("message", "\ufffd")]


@pytest.mark.parametrize("case", CASES)
def test_each_case_in_one_piece(case: str) -> None:
    text, expected = CASES[case]
    assert [(event.type, event.data) for event in read(text.encode(), [])] == expected
