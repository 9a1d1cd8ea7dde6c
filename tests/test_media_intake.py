"""Images taken in within the limits: as bytes, a URL, a data URI or a file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import pytest

from image_files import SAMPLES, png
from pentaprism import media
from pentaprism.media import DEFAULT_LIMITS, ImageLimits, MediaError, from_bytes, from_path, from_text
from pentaprism.types import Media, Size


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

    def test_the_limits_hold(self) -> None:
        with pytest.raises(MediaError, match=r"81\.0 million pixels"):
            from_text("data:image/png;base64," + base64.b64encode(png(9000, 9000)).decode())
        small = ImageLimits(max_bytes=1_000_000)
        with pytest.raises(MediaError, match=r"The image is 1\.2 MB; at most 1 MB"):
            from_text("data:;base64," + "AAAA" * 400_000, small)
        with pytest.raises(MediaError, match=r"holds 4\.0 million characters, more than any image of 1 MB needs"):
            from_text("data:," + "x" * 4_000_001, small)


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


class TestLimits:
    """Every way in keeps the same limits, and reads them from the first bytes."""

    @pytest.fixture(params=["bytes", "text", "path"])
    def take(self, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[bytes, ImageLimits], Media]:
        def by_path(content: bytes, limits: ImageLimits) -> Media:
            (tmp_path / "picture").write_bytes(content)
            return from_path(tmp_path / "picture", limits)

        def by_text(content: bytes, limits: ImageLimits) -> Media:
            return from_text("data:;base64," + base64.b64encode(content).decode(), limits)

        return {"bytes": from_bytes, "text": by_text, "path": by_path}[request.param]

    def test_what_is_within_them_is_taken(self, take: Callable[[bytes, ImageLimits], Media]) -> None:
        content = SAMPLES["webp"]
        limits = ImageLimits(max_bytes=len(content), max_pixels=1200, formats=("webp",))
        assert take(content, limits) == from_bytes(content)

    @pytest.mark.parametrize(
        ("limits", "message"),
        [
            (
                ImageLimits(max_bytes=len(SAMPLES["webp"]) - 1),
                r"^The image is 0\.0 MB; at most 0\.00\d+ MB\. Compress or",
            ),
            (ImageLimits(max_pixels=1199), r"^The image is 40x30, 0\.0 million pixels; at most 0\.001199 million\."),
            (ImageLimits(formats=("png", "jpeg")), r"^The image is webp; send it as png or jpeg\.$"),
            (ImageLimits(formats=("png",)), r"^The image is webp; send it as png\.$"),
        ],
    )
    def test_what_is_beyond_them_is_refused(
        self, take: Callable[[bytes, ImageLimits], Media], limits: ImageLimits, message: str
    ) -> None:
        with pytest.raises(MediaError, match=message):
            take(SAMPLES["webp"], limits)

    def test_a_bomb_is_refused_by_its_header(self, take: Callable[[bytes, ImageLimits], Media]) -> None:
        bomb = png(60_000, 60_000, data=bytes(1000))
        assert len(bomb) < 1000
        with pytest.raises(MediaError, match=r"The image is 60000x60000, 3600\.0 million pixels; at most 50 million"):
            take(bomb, DEFAULT_LIMITS)


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
