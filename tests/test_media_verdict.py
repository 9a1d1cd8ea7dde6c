"""Pictures judged when they come back; the law: none is called honored that is not what was asked."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from image_files import SAMPLES, png
from pentaprism.media import receipt
from pentaprism.types import Size


class TestReceipt:
    CONTENT = SAMPLES["png"]
    GOT, OTHER = Size(40, 30), Size(1024, 1024)

    @pytest.mark.parametrize(
        ("asked", "expected", "verdict"),
        [
            ({"asked_size": GOT}, None, "honored"),
            ({"asked_size": GOT}, OTHER, "honored"),
            ({"asked_size": OTHER}, GOT, "approximated"),
            ({"asked_size": OTHER}, None, "mismatch"),
            ({"asked_size": OTHER}, OTHER, "mismatch"),
            ({"asked_size": OTHER, "asked_shape": 4 / 3}, OTHER, "mismatch"),
            ({"asked_shape": 4 / 3}, None, "honored"),
            ({"asked_shape": 4 / 3 * 1.004}, None, "honored"),
            ({"asked_shape": 4 / 3 * 1.006}, None, "mismatch"),
            ({"asked_shape": 4 / 3 / 1.006}, GOT, "approximated"),
            ({"asked_shape": 16 / 9}, OTHER, "mismatch"),
            ({"asked_area": 1200}, None, "honored"),
            ({"asked_area": 1300}, None, "honored"),
            ({"asked_area": 1400}, None, "mismatch"),
            ({"asked_area": 1400}, GOT, "approximated"),
            ({"asked_shape": 4 / 3, "asked_area": 1200}, None, "honored"),
            ({"asked_shape": 4 / 3, "asked_area": 4800}, Size(80, 60), "mismatch"),
            ({"asked_shape": 1.0, "asked_area": 1200}, None, "mismatch"),
            ({}, None, None),
            ({}, GOT, None),
            ({}, OTHER, "mismatch"),
        ],
    )
    def test_the_size(self, asked: dict[str, Any], expected: Size | None, verdict: str | None) -> None:
        assert receipt(self.CONTENT, **asked, expected=expected).verdicts.get("size") == verdict

    @pytest.mark.parametrize(("asked", "verdict"), [("png", "honored"), ("webp", "mismatch"), (None, None)])
    def test_the_format(self, asked: str | None, verdict: str | None) -> None:
        assert receipt(self.CONTENT, asked_format=asked).verdicts.get("format") == verdict

    def test_tells_what_it_read(self) -> None:
        assert receipt(self.CONTENT).to_dict() == {
            "read": True,
            "format": "png",
            "size": "40x30",
            "bytes": len(self.CONTENT),
            "sha256": hashlib.sha256(self.CONTENT).hexdigest(),
            "verdicts": {},
        }

    @pytest.mark.parametrize("name", ["png", "jpeg", "webp", "gif", "avif"])
    def test_a_cut_picture_meets_nothing(self, name: str) -> None:
        found = receipt(SAMPLES[name][:-9], asked_size=self.GOT, expected=self.GOT, asked_format=name)
        assert (found.read, found.format, found.size) == (False, name, self.GOT)
        assert found.verdicts == {"size": "mismatch", "format": "mismatch"}
        assert receipt(SAMPLES[name][:-9], expected=self.GOT).verdicts == {"size": "mismatch"}

    def test_bytes_that_are_no_picture_meet_nothing(self) -> None:
        found = receipt(b"<html>", asked_shape=1.0, asked_format="png")
        assert (found.read, found.format, found.size, found.bytes) == (False, None, None, 6)
        assert found.verdicts == {"size": "mismatch", "format": "mismatch"}
        assert receipt(b"<html>").verdicts == {}

    @given(st.integers(1, 4096), st.integers(1, 4096), st.integers(1, 4096), st.integers(1, 4096))
    @settings(deadline=None)
    def test_only_what_was_asked_is_honored(self, width: int, height: int, asked_width: int, asked_height: int) -> None:
        asked = Size(asked_width, asked_height)
        for expected in (None, Size(width, height)):
            verdict = receipt(png(width, height), asked_size=asked, expected=expected).verdicts["size"]
            assert (verdict == "honored") == ((width, height) == (asked_width, asked_height))
            assert (verdict == "mismatch") == (verdict != "honored" and expected is None)
