"""What an image's first bytes say, and whether it goes on to its end.

The laws: whatever bytes are given, `read_header` answers with a Header or a MediaError; it agrees with Pillow on every
picture Pillow writes.
"""

from __future__ import annotations

import doctest
import io
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from image_files import SAMPLES, SIDES, avif, box, noise, png, png_chunk, written
from pentaprism import media
from pentaprism.errors import PentaprismError, RequestError
from pentaprism.media import Header, MediaError, is_complete, read_header, receipt
from pentaprism.types import Size


def attempt(content: bytes) -> Header | str:
    """The header, or the sentence that says why there is none."""
    try:
        return read_header(content)
    except MediaError as error:
        return str(error)


class TestReadHeader:
    @pytest.mark.parametrize("name", SAMPLES)
    def test_agrees_with_pillow_on_what_pillow_writes(self, name: str) -> None:
        header = read_header(SAMPLES[name])
        with Image.open(io.BytesIO(SAMPLES[name])) as image:
            assert (header.format.upper(), header.size) == (image.format, Size(*image.size))
            assert header.media_type == Image.MIME[image.format or ""]
            if header.has_alpha is not None:
                assert header.has_alpha == image.has_transparency_data
            else:
                assert header.format == "gif"

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
    @pytest.mark.parametrize("sides", SIDES, ids=lambda sides: f"{sides[0]}x{sides[1]}")
    def test_agrees_on_sides(self, kind: str, sides: tuple[int, int]) -> None:
        content = written(Image.new("RGB", sides, "teal"), kind)
        assert read_header(content) == Header(f"image/{kind.lower()}", *sides, None if kind == "GIF" else False)

    def test_the_thumbnail_in_a_jpegs_exif_is_not_the_picture(self) -> None:
        thumbnail = written(noise((16, 12)), "JPEG")
        segment = b"Exif\0\0" + thumbnail
        content = b"\xff\xd8\xff\xe1" + struct.pack(">H", 2 + len(segment)) + segment + SAMPLES["jpeg"][2:]
        assert read_header(content).size == Size(40, 30)
        assert is_complete(content)
        assert not is_complete(content[:-40])

    def test_jpeg_filling_and_lone_markers_are_stepped_over(self) -> None:
        whole = SAMPLES["jpeg"]
        assert read_header(whole[:2] + b"\xff\xff\xff\xff\x01\xff\xd0\xff\xff" + whole[2:]).size == Size(40, 30)

    @pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCA, 0xCF])
    def test_every_jpeg_process_states_its_size_alike(self, marker: int) -> None:
        frame = bytes([0xFF, marker]) + struct.pack(">HBHHB", 11, 8, 600, 800, 1) + bytes(3)
        tables = b"\xff\xc4\x00\x03\x00\xff\xc8\x00\x03\x00\xff\xcc\x00\x03\x00"
        assert read_header(b"\xff\xd8" + tables + frame).size == Size(800, 600)

    @pytest.mark.parametrize(("flags", "alpha"), [(0x10, True), (0x32, True), (0x2E, False), (0, False)])
    def test_of_an_extended_webps_flags_one_is_transparency(self, flags: int, alpha: bool) -> None:
        chunk = b"VP8X" + struct.pack("<IB3x", 10, flags) + (319).to_bytes(3, "little") + (199).to_bytes(3, "little")
        assert read_header(b"RIFF\0\0\0\0WEBP" + chunk) == Header("image/webp", 320, 200, alpha)

    def test_the_scale_beside_a_webps_sides_is_no_part_of_them(self) -> None:
        chunk = (
            b"VP8 " + struct.pack("<I", 10) + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 1 << 14 | 320, 3 << 14 | 200)
        )
        assert read_header(b"RIFF\0\0\0\0WEBP" + chunk).size == Size(320, 200)

    def test_the_primary_items_size_counts_among_several(self) -> None:
        sizes = [(512, 512), (1024, 768), (160, 120)]
        pitm = box(b"pitm", bytes(4), struct.pack(">H", 7))
        # Item 5 has properties 1 and 3, item 7 has property 2, marked as essential.
        small = box(b"ipma", bytes(4), struct.pack(">IHBBBHBB", 2, 5, 2, 1, 3, 7, 1, 0x82))
        assert read_header(avif(sizes=sizes, primary=pitm, associations=small)).size == Size(1024, 768)
        third = box(b"ipma", bytes(4), struct.pack(">IHBBHBB", 2, 5, 1, 1, 7, 1, 0x83))
        assert read_header(avif(sizes=sizes, primary=pitm, associations=third)).size == Size(160, 120)
        wide_pitm = box(b"pitm", b"\x01\0\0\0", struct.pack(">I", 7))
        wide = box(b"ipma", b"\x01\0\0\x01", struct.pack(">IIBHIBH", 2, 5, 1, 1, 7, 1, 0x8003))
        assert read_header(avif(sizes=sizes, primary=wide_pitm, associations=wide)).size == Size(160, 120)

    def test_the_largest_size_counts_where_no_item_is_primary(self) -> None:
        assert read_header(avif(sizes=[(512, 512), (1024, 768)])).size == Size(1024, 768)
        pitm = box(b"pitm", bytes(4), struct.pack(">H", 9))
        other = box(b"ipma", bytes(4), struct.pack(">IHBB", 1, 5, 1, 1))
        assert read_header(avif(sizes=[(2, 2), (3, 3)], primary=pitm, associations=other)).size == Size(3, 3)

    def test_the_last_box_may_go_on_to_the_end_of_the_file(self) -> None:
        pixels = struct.pack(">I4s", 0, b"mdat") + b"what is left"
        whole = avif(sizes=[(8, 4)])[: -len(box(b"mdat", b"\0"))]
        assert read_header(whole + pixels).size == Size(8, 4)
        assert is_complete(whole + pixels)
        assert not is_complete(whole)

    def test_a_box_may_state_its_length_in_eight_bytes(self) -> None:
        ftyp = struct.pack(">I4sQ", 1, b"ftyp", 24) + b"avis" + bytes(4)
        assert read_header(ftyp + avif(sizes=[(8, 4)])[20:]).size == Size(8, 4)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "not an image this takes: png, jpeg, webp, gif or avif"),
            (b"<!doctype html><title>502</title>", "not an image this takes"),
            (b"BM" + bytes(60), "not an image this takes"),
            (b"\x89PNG\r\n\x1a\n", "The PNG is truncated: it ends at byte 8"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\x04CgBI" + bytes(30), "its first chunk is not IHDR"),
            (png(0, 4), "The png says it is 0x4"),
            (png(3, 4).replace(b"IDAT", b"IEND"), "no image data"),
            (b"\xff\xd8\xff\xd9", "before its size is stated"),
            (b"\xff\xd8\xff\xda\0\x04\0\0", "before its size is stated"),
            (b"\xff\xd8\xff\xe0\0\x01", "a segment states a length of 1"),
            (b"\xff\xd8\xff\xe0\xff\xff", "The JPEG is truncated"),
            (b"\xff\xd8\xff\xc0\0\x0b\x08\0\0\0\x04\x01", "The jpeg says it is 4x0"),
            (b"RIFF\0\0\0\0WEBPALPH" + bytes(30), "none of VP8, VP8L and VP8X"),
            (b"RIFF\0\0\0\0WEBPVP8L" + bytes(30), "lack their signature"),
            (b"RIFF\0\0\0\0WEBPVP8 " + bytes(30), "start code of a key frame"),
            (b"RIFF\0\0\0\0WEBPVP8X" + bytes(4), "The WebP is truncated"),
            (b"GIF89a\x01\0", "The GIF is truncated"),
            (b"GIF89a\x01\0\0\0", "The gif says it is 1x0"),
            (box(b"ftyp", b"heic", bytes(4), b"mif1"), "AVIF's family, such as HEIC"),
            (box(b"ftyp", b"avif", bytes(4)), "has no meta box"),
            (box(b"ftyp", b"avif", bytes(4)) + box(b"meta", bytes(4)), "has no iprp box"),
            (avif(sizes=[]), "states no size"),
            (b"\0\0\0\x04ftypavif" + bytes(20), "a box states a length of 4"),
            (struct.pack(">I4sQ", 1, b"ftyp", 12) + b"avif" + bytes(20), "a box states a length of 12"),
            (b"\0\0\xff\xffftypavif" + bytes(20), "The AVIF is truncated"),
        ],
    )
    def test_says_what_is_wrong(self, content: bytes, message: str) -> None:
        with pytest.raises(MediaError, match=message):
            read_header(content)

    @given(st.data())
    @settings(max_examples=400, deadline=None)
    def test_any_bytes_give_a_header_or_a_media_error(self, data: st.DataObject) -> None:
        content = bytearray(data.draw(st.sampled_from([*SAMPLES.values(), avif(sizes=[(8, 4)]), b""])))
        edits = st.tuples(st.integers(0, max(len(content), 1)), st.binary(max_size=9), st.integers(0, 9))
        for at, inserted, removed in data.draw(st.lists(edits, max_size=8)):
            content[at : at + removed] = inserted
        content = content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
        found = attempt(bytes(content))
        if isinstance(found, str):
            assert not receipt(bytes(content)).read
        else:
            assert found.format in media.FORMATS
            assert found.size.pixels >= 1
            assert receipt(bytes(content)).size == found.size

    @given(
        st.sampled_from(
            [b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x14ftypavif"]
        ),
        st.binary(max_size=200),
    )
    @settings(max_examples=300, deadline=None)
    def test_any_tail_gives_a_header_or_a_sentence(self, magic: bytes, tail: bytes) -> None:
        found = attempt(magic + tail)
        assert found.endswith(".") if isinstance(found, str) else found.size.pixels >= 1

    @pytest.mark.parametrize("name", SAMPLES)
    def test_every_prefix_gives_a_header_or_says_it_is_truncated(self, name: str) -> None:
        whole = SAMPLES[name]
        for length in range(12, min(len(whole), 700)):
            found = attempt(whole[:length])
            if isinstance(found, str):
                assert "truncated" in found or "has no meta box" in found
            else:
                assert found.size == Size(40, 30)

    @pytest.mark.parametrize(
        "content",
        [
            b"\xff\xd8" + b"\xff\xe0\0\x02" * 2_000_000,
            b"\xff\xd8" + b"\xff" * 8_000_000,
            b"\xff\xd8" + b"\xff\xd0" * 4_000_000,
            png(4, 4)[:33] + png_chunk(b"tEXt", b"") * 600_000,
            box(b"ftyp", b"avif", bytes(4)) + box(b"free") * 1_000_000,
            box(b"ftyp", *[b"mif1"] * 2_000_000),
            avif(
                sizes=[(4, 4)],
                primary=box(b"pitm", bytes(4), b"\xff\xff"),
                associations=box(b"ipma", bytes(4), b"\x7f\xff\xff\xff", bytes(8_000_000)),
            ),
        ],
        ids=["segments", "filling", "restarts", "chunks", "boxes", "brands", "associations"],
    )
    def test_a_header_of_millions_of_parts_takes_no_long_time(self, content: bytes) -> None:
        start = time.process_time()
        with pytest.raises(MediaError):
            read_header(content)
        assert time.process_time() - start < 1

    def test_a_media_error_is_ours_and_a_value_error_but_not_a_request_error(self) -> None:
        assert issubclass(MediaError, PentaprismError)
        assert issubclass(MediaError, ValueError)
        assert not issubclass(MediaError, RequestError)


class TestIsComplete:
    @pytest.mark.parametrize("name", SAMPLES)
    def test_whole_pictures_are_and_cut_ones_are_not(self, name: str) -> None:
        whole = SAMPLES[name]
        assert is_complete(whole)
        for missing in (1, 2, 11):
            assert not is_complete(whole[:-missing])

    def test_an_avif_may_hold_its_picture_beside_what_it_says_of_it(self) -> None:
        iprp = box(b"iprp", box(b"ipco", box(b"ispe", bytes(4), struct.pack(">II", 8, 4))))
        start = box(b"ftyp", b"avif", bytes(4))
        assert is_complete(start + box(b"meta", bytes(4), iprp, box(b"idat", b"\0")))
        assert not is_complete(start + box(b"meta", bytes(4), iprp))

    def test_bytes_after_the_end_do_not_matter(self) -> None:
        for name in ("png", "jpeg", "webp"):
            assert is_complete(SAMPLES[name] + b"trailing")
        assert is_complete(SAMPLES["gif"] + bytes(3))


def test_the_examples_in_the_docstrings_run() -> None:
    for module in (media.header, media.intake, media.verdict):
        outcome = doctest.testmod(module)
        assert outcome.attempted
        assert not outcome.failed
