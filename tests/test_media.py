"""Images read from their headers, taken in within the limits, and judged when they come back.

The laws: whatever bytes are given, `read_header` answers with a Header or a MediaError; it agrees with Pillow on every
picture Pillow writes; and a receipt never calls a picture honored that is not what was asked.
"""

from __future__ import annotations

import base64
import doctest
import hashlib
import io
import struct
import time
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pentaprism import media
from pentaprism.errors import PentaprismError, RequestError
from pentaprism.media import Header, MediaError, from_bytes, from_path, from_text, is_complete, read_header, receipt
from pentaprism.types import Media, Size

SIDES = [(1, 1), (1, 300), (257, 2), (64, 64), (1183, 887)]


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    return Image.effect_noise(size, 60).convert(mode)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, depth: int = 8, colour: int = 0, interlace: int = 0, data: bytes = b"") -> bytes:
    """A PNG that states any size; without data it is a header and nothing to decode."""
    ihdr = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    chunks = [(b"IHDR", ihdr), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def avif(*, sizes: list[tuple[int, int]], primary: bytes = b"", associations: bytes = b"") -> bytes:
    """The boxes of an AVIF that a size is read from."""
    ispe = [box(b"ispe", bytes(4), struct.pack(">II", *size)) for size in sizes]
    iprp = box(b"iprp", box(b"ipco", *ispe), associations)
    return box(b"ftyp", b"avif", bytes(4), b"mif1") + box(b"meta", bytes(4), primary, iprp) + box(b"mdat", b"\0")


def attempt(content: bytes) -> Header | str:
    """The header, or the sentence that says why there is none."""
    try:
        return read_header(content)
    except MediaError as error:
        return str(error)


def samples() -> dict[str, bytes]:
    """One picture of each kind a provider sends, and of the stranger ones a caller may."""
    size = (40, 30)
    colour, alpha = noise(size), noise(size, "RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(size))
    exif = Image.Exif()
    exif[0x010E] = "an entry"
    return {
        "png": written(colour, "PNG"),
        "png alpha": written(alpha, "PNG"),
        "png grey alpha": written(alpha.convert("LA"), "PNG"),
        "png palette": written(colour.quantize(16), "PNG"),
        "png palette alpha": written(colour.quantize(16), "PNG", transparency=3),
        "png 16 bit": written(Image.new("I;16", size, 40_000), "PNG"),
        "png 1 bit": written(colour.convert("1"), "PNG"),
        "png interlaced": png(40, 30, interlace=1, data=bytes(2000)),
        "png animated": written(colour, "PNG", save_all=True, append_images=[alpha.convert("RGB")]),
        "png with exif and icc": written(colour, "PNG", exif=exif, icc_profile=b"profile"),
        "jpeg": written(colour, "JPEG"),
        "jpeg progressive": written(colour, "JPEG", progressive=True),
        "jpeg optimised": written(colour, "JPEG", optimize=True, quality=100),
        "jpeg restarts": written(colour, "JPEG", restart_marker_blocks=1),
        "jpeg grey": written(colour.convert("L"), "JPEG"),
        "jpeg cmyk": written(colour.convert("CMYK"), "JPEG"),
        "jpeg with exif, icc, comment": written(colour, "JPEG", exif=exif, icc_profile=bytes(70_000), comment="hello"),
        "webp": written(colour, "WEBP"),
        "webp alpha": written(alpha, "WEBP"),
        "webp lossless": written(colour, "WEBP", lossless=True),
        "webp lossless alpha": written(alpha, "WEBP", lossless=True),
        "webp extended": written(colour, "WEBP", exif=exif),
        "webp animated": written(colour, "WEBP", save_all=True, append_images=[alpha]),
        "gif": written(colour, "GIF"),
        "gif interlaced": written(colour, "GIF", interlace=1),
        "gif animated": written(colour, "GIF", save_all=True, append_images=[alpha.convert("RGB")]),
        "avif": written(colour, "AVIF", speed=10),
        "avif alpha": written(alpha, "AVIF", speed=10),
        "avif grey with exif": written(colour.convert("L"), "AVIF", speed=10, exif=exif),
        "avif animated": written(colour, "AVIF", speed=10, save_all=True, append_images=[alpha.convert("RGB")]),
    }


SAMPLES = samples()


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
        tables = b"\xff\xc4\x00\x03\x00\xff\xcc\x00\x03\x00"
        assert read_header(b"\xff\xd8" + tables + frame).size == Size(800, 600)

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

    def test_bytes_after_the_end_do_not_matter(self) -> None:
        for name in ("png", "jpeg", "webp"):
            assert is_complete(SAMPLES[name] + b"trailing")
        assert is_complete(SAMPLES["gif"] + bytes(3))


class TestFromBytes:
    def test_knows_what_it_read(self) -> None:
        content = SAMPLES["webp"]
        digest = hashlib.sha256(content).hexdigest()
        wanted = Media(content=content, sha256=digest, media_type="image/webp", width=40, height=30)
        assert from_bytes(content) == wanted

    def test_the_limit_on_bytes_names_both_numbers(self) -> None:
        just = SAMPLES["png"] + bytes(media.MAX_BYTES - len(SAMPLES["png"]))
        assert from_bytes(just).width == 40
        with pytest.raises(MediaError, match=r"The image is 25\.1 MB; at most 25 MB\. Compress or shrink it\."):
            from_bytes(just + bytes(100_000))

    def test_the_limit_on_pixels_is_read_from_the_header(self) -> None:
        assert from_bytes(png(10_000, 5_000)).size == Size(10_000, 5_000)
        message = r"The image is 10000x5001, 50\.0 million pixels; at most 50 million"
        with pytest.raises(MediaError, match=message):
            from_bytes(png(10_000, 5_001))


class TestFromText:
    @pytest.mark.parametrize("url", ["https://example.com/a.png?x=1#y", "HTTP://EXAMPLE.com", "http://[::1]:80/é.png"])
    def test_a_url_is_kept_unread(self, url: str) -> None:
        assert from_text(url) == Media(url=url)

    @pytest.mark.parametrize(
        "url", ["https://", "http:///a.png", "https:a.png", "https://a b/c", "https://a/\nb", "http://[1"]
    )
    def test_a_url_that_leads_nowhere_is_refused(self, url: str) -> None:
        with pytest.raises(MediaError, match="not a URL that can be fetched"):
            from_text(url)

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda raw: "data:image/gif;base64," + base64.b64encode(raw).decode(),
            lambda raw: "DATA:IMAGE/GIF; charset=x ;BASE64," + base64.b64encode(raw).decode(),
            lambda raw: "data:;base64," + base64.b64encode(raw).decode().rstrip("="),
            lambda raw: "data:image/gif;base64," + base64.encodebytes(raw).decode(),
            lambda raw: "data:image/gif;base64," + quote_from_bytes(base64.b64encode(raw), safe=""),
            lambda raw: "data:image/gif," + quote_from_bytes(raw),
            lambda raw: "data:," + quote_from_bytes(raw),
        ],
        ids=["base64", "capitals", "no padding", "line breaks", "both", "percent", "bare"],
    )
    def test_a_data_uri_is_read(self, wrap: Any) -> None:
        for content in (SAMPLES["gif"], SAMPLES["gif"] + b"\0", SAMPLES["gif"] + b"\0\0"):
            assert from_text(wrap(content)) == from_bytes(content)

    def test_the_bytes_decide_the_type_not_the_uri(self) -> None:
        uri = "data:image/png;base64," + base64.b64encode(SAMPLES["jpeg"]).decode()
        assert from_text(uri).media_type == "image/jpeg"

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("data:image/png;base64,####", "says that it is base64, but its data are not"),
            ("data:image/png;base64,A", "says that it is base64"),
            ("data:image/png;base64,", "not an image this takes"),
            ("data:text/plain,hello", "not an image this takes"),
            ("data:image/png;base64", r"An image is an http\(s\) URL or a data: URI"),
            ("", "not ''"),
            ("cat.png", "not 'cat.png'"),
            ("file:///etc/hosts", "not 'file:///etc/hosts'"),
            ("ftp://example.com/a.png", "not 'ftp:"),
            ("A" * 1000, r"not 'A{57}\.\.\.'\.$"),
        ],
    )
    def test_anything_else_is_refused_with_what_is_taken(self, value: str, message: str) -> None:
        with pytest.raises(MediaError, match=message):
            from_text(value)

    def test_a_path_is_never_read(self, tmp_path: Path) -> None:
        file = tmp_path / "a.png"
        file.write_bytes(SAMPLES["png"])
        for text in (str(file), file.as_uri()):
            with pytest.raises(MediaError, match="An image is an http"):
                from_text(text)

    def test_the_limits_hold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(MediaError, match=r"81\.0 million pixels"):
            from_text("data:image/png;base64," + base64.b64encode(png(9000, 9000)).decode())
        monkeypatch.setattr("pentaprism.media.intake.MAX_BYTES", 1_000_000)
        with pytest.raises(MediaError, match=r"The image is 1\.2 MB; at most 1 MB"):
            from_text("data:;base64," + "AAAA" * 400_000)
        with pytest.raises(MediaError, match=r"holds 4\.0 million characters, more than any image of 1 MB needs"):
            from_text("data:," + "x" * 4_000_001)


class TestFromPath:
    def test_reads_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "misnamed.txt"
        file.write_bytes(SAMPLES["avif"])
        assert from_path(file) == from_path(str(file)) == from_bytes(SAMPLES["avif"])

    def test_says_what_is_wrong_with_the_path(self, tmp_path: Path) -> None:
        with pytest.raises(MediaError, match=r"There is no file .*/none\.png\."):
            from_path(tmp_path / "none.png")
        with pytest.raises(MediaError, match="is a directory: name an image file"):
            from_path(tmp_path)
        with pytest.raises(MediaError, match="/dev/null is not a regular file"):
            from_path("/dev/null")
        with pytest.raises(MediaError, match="cannot be read: File name too long"):
            from_path(tmp_path / ("x" * 300))

    def test_a_file_over_the_limit_is_not_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "large.png"
        with file.open("wb") as stream:
            stream.truncate(media.MAX_BYTES + 10**6)
        monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
        with pytest.raises(MediaError, match=r"26\.0 MB; at most 25 MB"):
            from_path(file)


class TestToDataUri:
    @pytest.mark.parametrize("name", ["png", "jpeg", "webp", "gif", "avif"])
    def test_reads_back_the_same(self, name: str) -> None:
        image = from_bytes(SAMPLES[name])
        assert media.to_data_uri(image).startswith(f"data:image/{name};base64,")
        assert from_text(media.to_data_uri(image)) == image

    def test_finds_the_type_itself(self) -> None:
        assert media.to_data_uri(Media(content=SAMPLES["png"])).startswith("data:image/png;base64,iVBOR")

    def test_has_nothing_to_encode_where_only_the_url_is_known(self) -> None:
        with pytest.raises(MediaError, match=r"The image at https://example\.com/a\.png was passed on unread"):
            media.to_data_uri(from_text("https://example.com/a.png"))


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


def test_the_examples_in_the_docstrings_run() -> None:
    for module in (media.header, media.intake, media.verdict):
        outcome = doctest.testmod(module)
        assert outcome.attempted
        assert not outcome.failed
