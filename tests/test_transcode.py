"""Pictures made anew in another format.

The laws: every format becomes every other at the same size and is what it says; nothing but the picture crosses; more
compression quality is never fewer bytes on a noisy picture; and damaged or oversized bytes give our own sentence.
"""

from __future__ import annotations

import doctest
import importlib
import io
import random
import struct
import subprocess
import sys
import zlib
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageCms, ImageStat, features

from pentaprism.errors import MissingDependency
from pentaprism.media import FORMATS, MediaError, is_complete, read_header
from pentaprism.transcode import DEFAULT_COMPRESSION, available, require, transcode
from pentaprism.types import Size

LOSSY = tuple(DEFAULT_COMPRESSION)
WHITE, RED, GREEN, BLUE = (255, 255, 255), (230, 30, 30), (30, 200, 40), (20, 40, 220)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def plain_png(width: int, height: int, rows: bytes, *, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG put together without Pillow; each row begins with its filter, 0."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        content += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return content


def quarters(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Red and green above, blue and white below: any turn or mirroring shows."""
    image = Image.new("RGB", size)
    width, height = size[0] // 2, size[1] // 2
    for colour, at in ((RED, (0, 0)), (GREEN, (width, 0)), (BLUE, (0, height)), (WHITE, (width, height))):
        image.paste(colour, (*at, at[0] + width, at[1] + height))
    return image


def pixel(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return found


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours a quarter in from each corner: above left and right, below left and right."""
    colours = image.convert("RGB")
    width, height = image.size
    return [pixel(colours, (width * x // 4, height * y // 4)) for x, y in ((1, 1), (3, 1), (1, 3), (3, 3))]


def near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 16) -> bool:
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


def difference(one: Image.Image, other: Image.Image) -> float:
    """The root mean square difference of two pictures over all channels, 0 to 255."""
    channels = ImageStat.Stat(ImageChops.difference(one.convert("RGBA"), other.convert("RGBA"))).rms
    return max(channels)


def noisy(size: tuple[int, int] = (160, 120), mode: str = "RGB") -> Image.Image:
    source = random.Random(5)
    channels = [Image.frombytes("L", size, source.randbytes(size[0] * size[1])) for _ in range(3)]
    return Image.merge("RGB", channels).convert(mode)


def see_through(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Red, opaque in the left half and not there at all in the right."""
    image = Image.new("RGBA", size, (*RED, 255))
    image.paste((0, 0, 0, 0), (size[0] // 2, 0, *size))
    return image


class TestPairs:
    @pytest.mark.parametrize("source", FORMATS)
    @pytest.mark.parametrize("to", FORMATS)
    def test_every_format_becomes_every_other(self, source: str, to: str) -> None:
        picture = quarters((71, 53))
        made = transcode(written(picture, source.upper(), **({"speed": 10} if source == "avif" else {})), to=to)
        header = read_header(made)
        assert (header.format, header.size) == (to, Size(71, 53))
        assert is_complete(made)
        image = opened(made)
        assert (image.format, image.size) == (to.upper(), (71, 53))
        assert all(near(*pair) for pair in zip(corners(image), corners(picture), strict=True))

    @pytest.mark.parametrize("to", ["png", "gif"])
    @pytest.mark.parametrize("source", ["png", "gif"])
    def test_a_picture_of_few_colours_passes_lossless_formats_unchanged(self, source: str, to: str) -> None:
        indexed = noisy().quantize(200)
        made = opened(transcode(written(indexed, source.upper()), to=to))
        assert made.convert("RGB").tobytes() == indexed.convert("RGB").tobytes()

    def test_png_keeps_every_pixel(self) -> None:
        for mode in ("RGB", "RGBA", "L"):
            picture = noisy(mode=mode)
            assert opened(transcode(written(picture, "PNG"), to="png")).tobytes() == picture.tobytes()

    def test_a_gif_of_many_colours_stays_near(self) -> None:
        picture = noisy().resize((320, 240), Image.Resampling.BICUBIC)
        made = opened(transcode(written(picture, "PNG"), to="gif"))
        assert len(made.convert("RGB").getcolors(10**6) or []) <= 256
        assert difference(made, picture) < 24

    @pytest.mark.parametrize("to", FORMATS)
    def test_the_same_bytes_each_time(self, to: str) -> None:
        content = written(noisy((64, 64)), "PNG")
        assert transcode(content, to=to) == transcode(content, to=to)

    @given(width=st.integers(1, 70), height=st.integers(1, 70), to=st.sampled_from(FORMATS))
    @settings(max_examples=60, deadline=None)
    def test_any_size_is_kept(self, width: int, height: int, to: str) -> None:
        content = written(Image.new("RGB", (width, height), BLUE), "PNG")
        assert read_header(transcode(content, to=to)).size == Size(width, height)


class TestModes:
    @pytest.mark.parametrize("to", FORMATS)
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
    def test_every_mode_of_png(self, mode: str, to: str) -> None:
        source = quarters().convert(mode)
        made = opened(transcode(written(source, "PNG"), to=to))
        # Half-tone dots (1) lie finer than the lossy formats keep, so the pictures are compared from afar.
        assert difference(made.convert("RGB").resize((8, 6)), source.convert("RGB").resize((8, 6))) < 8

    @pytest.mark.parametrize("to", ["png", "jpeg", "gif", "avif"])
    def test_grey_stays_grey(self, to: str) -> None:
        made = opened(transcode(written(quarters().convert("L"), "PNG"), to=to, compression=95))
        # Pillow reads a gif of a few greys as a palette of them.
        assert made.mode == ("P" if to == "gif" else "L")
        assert difference(made, quarters().convert("L")) < 8

    @pytest.mark.parametrize("to", FORMATS)
    def test_cmyk_jpeg(self, to: str) -> None:
        made = opened(transcode(written(quarters().convert("CMYK"), "JPEG", quality=100), to=to))
        assert all(near(*pair) for pair in zip(corners(made), corners(quarters()), strict=True))

    def test_16_bit_grey_is_scaled_and_not_cut_off(self) -> None:
        source = Image.new("I;16", (5, 1))
        for x, value in enumerate((0, 257, 128 * 257, 200 * 257 + 100, 65_535)):
            source.putpixel((x, 0), value)
        made = opened(transcode(written(source, "PNG"), to="png"))
        assert (made.mode, list(made.tobytes())) == ("L", [0, 1, 128, 200, 255])
        keyed = opened(transcode(written(source, "PNG", transparency=65_535), to="png"))
        assert (keyed.mode, list(keyed.getchannel("A").tobytes())) == ("RGBA", [255, 255, 255, 255, 0])

    def test_16_bit_colour(self) -> None:
        rows = b"\0" + struct.pack(">6H", 0, 128 * 257, 65_535, 65_535, 0, 257)
        content = plain_png(2, 1, rows, depth=16, colour=2)
        assert list(opened(transcode(content, to="png")).tobytes()) == [0, 128, 255, 255, 0, 1]

    @pytest.mark.parametrize("source", ["GIF", "WEBP", "AVIF", "PNG"])
    @pytest.mark.parametrize("to", FORMATS)
    def test_an_animation_becomes_its_first_frame(self, source: str, to: str) -> None:
        frames = [Image.new("RGB", (32, 24), colour) for colour in (GREEN, RED, BLUE)]
        content = written(frames[0], source, save_all=True, append_images=frames[1:], duration=40)
        made = opened(transcode(content, to=to))
        assert getattr(made, "n_frames", 1) == 1
        assert near(pixel(made.convert("RGB"), (16, 12)), GREEN)


class TestTransparency:
    SOURCES = ("PNG", "WEBP", "GIF", "AVIF")

    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("to", FORMATS)
    def test_is_kept_where_the_format_has_it_and_else_white(self, source: str, to: str) -> None:
        made = opened(transcode(written(see_through(), source), to=to))
        solid, empty = pixel(made.convert("RGBA"), (8, 24)), pixel(made.convert("RGBA"), (56, 24))
        assert near(solid, (*RED, 255))
        if to == "jpeg":
            assert near(empty, (*WHITE, 255))
        else:
            assert empty[3] == 0

    def test_half_transparent_is_mixed_with_white_in_jpeg(self) -> None:
        content = written(Image.new("RGBA", (16, 16), (0, 0, 0, 128)), "PNG")
        assert near(pixel(opened(transcode(content, to="jpeg")), (8, 8)), (127, 127, 127), by=2)

    def test_half_transparent_is_there_or_not_in_gif(self) -> None:
        source = Image.new("RGBA", (4, 1))
        for x, alpha in enumerate((0, 127, 128, 255)):
            source.putpixel((x, 0), (0, 0, 0, alpha))
        made = opened(transcode(written(source, "PNG"), to="gif")).convert("RGBA")
        assert list(made.getchannel("A").tobytes()) == [0, 0, 255, 255]
        assert [pixel(made, (x, 0))[0] for x in (2, 3)] == [127, 0]

    def test_a_gif_has_room_for_it_beside_many_colours(self) -> None:
        picture = noisy(mode="RGBA")
        picture.paste((0, 0, 0, 0), (0, 0, 80, 120))
        made = opened(transcode(written(picture, "PNG"), to="gif")).convert("RGBA")
        assert made.getchannel("A").crop((0, 0, 80, 120)).getextrema() == (0, 0)
        assert made.getchannel("A").crop((80, 0, 160, 120)).getextrema() == (255, 255)

    @pytest.mark.parametrize("to", ["png", "webp", "avif", "gif"])
    def test_of_a_palette_or_a_key_colour(self, to: str) -> None:
        for mode, key in (("P", bytes([255, 0, 255])), ("P", 1), ("L", 200), ("RGB", GREEN)):
            source = Image.new(mode, (32, 16), 0 if mode != "RGB" else RED)
            source.paste(GREEN if mode == "RGB" else 200 if mode == "L" else 1, (16, 0, 32, 16))
            if mode == "P":
                source.putpalette([*RED, *GREEN, *BLUE])
            made = opened(transcode(written(source, "PNG", transparency=key), to=to)).convert("RGBA")
            assert [pixel(made, (x, 8))[3] for x in (4, 28)] == [255, 0]


class TestMetadata:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF"])
    def test_a_turned_picture_is_made_upright(self, source: str, orientation: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        # How a camera held so would have stored it: the inverse of what a viewer does.
        stored = quarters()
        for step in {2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}.get(orientation, []):
            stored = stored.transpose(Image.Transpose(step))
        made = opened(transcode(written(stored, source, exif=exif), to="png"))
        assert made.size == (64, 48)
        assert all(near(*pair) for pair in zip(corners(made), corners(quarters()), strict=True))
        assert not made.getexif()

    @pytest.mark.parametrize("to", FORMATS)
    @pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
    def test_none_is_left(self, source: str, to: str) -> None:
        exif = Image.Exif()
        exif[0x010E] = "SECRET"
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        options: dict[str, Any] = {"exif": exif, "icc_profile": profile, "comment": "SECRET", "xmp": b"<SECRET/>"}
        content = written(quarters(), source, **options)
        assert b"SECRET" in content
        made = transcode(content, to=to)
        assert b"SECRET" not in made
        assert b"acsp" not in made
        assert not {"exif", "xmp", "icc_profile", "comment"} & set(opened(made).info)

    def test_text_in_a_png_is_gone(self) -> None:
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text("parameters", "SECRET prompt")
        assert b"SECRET" not in transcode(written(quarters(), "PNG", pnginfo=info), to="png")

    def test_damaged_exif_does_not_cost_the_picture(self) -> None:
        content = written(quarters(), "WEBP", exif=b"Exif\0\0no directory")
        assert all(
            near(*pair) for pair in zip(corners(opened(transcode(content, to="png"))), corners(quarters()), strict=True)
        )

    def test_a_wide_colour_space_is_brought_to_srgb(self) -> None:
        profile = swapped_profile()
        for mode in ("RGB", "RGBA"):
            content = written(Image.new(mode, (8, 8), RED if mode == "RGB" else (*RED, 99)), "PNG", icc_profile=profile)
            made = opened(transcode(content, to="png"))
            assert near(pixel(made, (4, 4))[:3], (RED[1], RED[0], RED[2]), by=3)
            assert mode == "RGB" or pixel(made, (4, 4))[3] == 99

    @pytest.mark.parametrize("profile", [b"no profile", bytes(200)])
    def test_a_damaged_profile_is_left_aside(self, profile: bytes) -> None:
        content = written(quarters(), "PNG", icc_profile=profile)
        assert opened(transcode(content, to="png")).tobytes() == quarters().tobytes()

    def test_a_profile_of_another_colour_space_is_left_aside(self) -> None:
        content = written(quarters().convert("L"), "PNG", icc_profile=swapped_profile())
        assert opened(transcode(content, to="png")).tobytes() == quarters().convert("L").tobytes()
        cmyk = written(quarters().convert("CMYK"), "JPEG", icc_profile=swapped_profile(), quality=100)
        made = opened(transcode(cmyk, to="png"))
        assert all(near(*pair) for pair in zip(corners(made), corners(quarters()), strict=True))


def swapped_profile() -> bytes:
    """An ICC profile like sRGB but with red's and green's primaries exchanged, and without its name."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile).replace(b"s\0R\0G\0B", b"s\0w\0a\0p").replace(b"sRGB", b"swap")


class TestCompression:
    @pytest.mark.parametrize("to", LOSSY)
    def test_more_is_never_fewer_bytes_and_nearer_the_original(self, to: str) -> None:
        # Grey noise in colour channels: webp halves colour at any quality, and would hide how near it comes.
        picture = noisy(mode="L").convert("RGB")
        content = written(picture, "PNG")
        made = [transcode(content, to=to, compression=value) for value in (0, 10, 30, 50, 70, 85, 89, 90, 95, 100)]
        sizes = [len(each) for each in made]
        assert sizes == sorted(sizes)
        assert sizes[-1] > 2 * sizes[0]
        assert difference(opened(made[-1]), picture) < difference(opened(made[0]), picture) / 2

    @pytest.mark.parametrize("to", LOSSY)
    def test_more_is_never_fewer_bytes_of_colour_noise(self, to: str) -> None:
        content = written(noisy(), "PNG")
        sizes = [len(transcode(content, to=to, compression=value)) for value in (0, 25, 50, 75, 89, 90, 100)]
        assert sizes == sorted(sizes)

    @pytest.mark.parametrize("to", ["jpeg", "avif"])
    def test_colour_is_as_sharp_as_brightness_from_90_up(self, to: str) -> None:
        stripes = Image.new("RGB", (64, 64), (200, 60, 60))
        for x in range(0, 64, 2):
            stripes.paste((60, 95, 200), (x, 0, x + 1, 64))
        content = written(stripes, "PNG")
        blurred, sharp = (opened(transcode(content, to=to, compression=value)) for value in (89, 90))
        assert difference(sharp, stripes) < 10 < 30 < difference(blurred, stripes)

    @pytest.mark.parametrize("to", LOSSY)
    def test_none_is_the_default(self, to: str) -> None:
        content = written(noisy((64, 64)), "PNG")
        assert transcode(content, to=to) == transcode(content, to=to, compression=DEFAULT_COMPRESSION[to])
        assert transcode(content, to=to) != transcode(content, to=to, compression=40)

    @pytest.mark.parametrize("to", ["png", "gif"])
    def test_lossless_formats_take_no_notice(self, to: str) -> None:
        content = written(noisy((64, 64)), "PNG")
        assert transcode(content, to=to, compression=1) == transcode(content, to=to)

    @pytest.mark.parametrize("value", [-1, 101])
    def test_outside_0_to_100_is_refused(self, value: int) -> None:
        with pytest.raises(MediaError, match=f"The compression must be 0 to 100, 100 the best, not {value}"):
            transcode(written(quarters(), "PNG"), to="webp", compression=value)


@cache
def _to_damage(kind: str) -> bytes:
    """A picture with everything in it that can be damaged; made once, since encoders write the time of day."""
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {} if kind == "GIF" else {"exif": exif, "icc_profile": swapped_profile()}
    return written(quarters((24, 16)), kind, **options)


class TestRefusals:
    def test_a_format_it_cannot_make(self) -> None:
        with pytest.raises(
            MediaError, match="'bmp' is not a format this can make: take one of png, jpeg, webp, gif, avif"
        ):
            transcode(written(quarters(), "PNG"), to="bmp")

    def test_a_format_it_does_not_read(self) -> None:
        with pytest.raises(MediaError, match="not an image this takes"):
            transcode(written(quarters(), "TIFF"), to="png")

    def test_a_bomb_is_refused_before_anything_is_decoded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bomb = written(Image.new("1", (14_000, 14_000)), "PNG")
        assert len(bomb) < 30_000
        monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("the bomb was opened"))
        with pytest.raises(MediaError, match=r"The image is 14000x14000, 196\.0 million pixels; at most 50 million"):
            transcode(bomb, to="png")

    def test_a_second_header_cannot_smuggle_one_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Pillow widens a GIF's canvas to its first frame, whatever the header said.
        gif = bytearray(written(quarters(), "GIF"))
        frame = gif.index(b"\x2c")
        gif[frame + 5 : frame + 9] = struct.pack("<HH", 8000, 8000)
        assert read_header(bytes(gif)).size == Size(64, 48)
        monkeypatch.setattr("PIL.GifImagePlugin.GifImageFile.load", lambda _: pytest.fail("the bomb was decoded"))
        with pytest.raises(MediaError, match=r"8000x8000, 64\.0 million pixels"):
            transcode(bytes(gif), to="png")
        gif[frame + 5 : frame + 9] = struct.pack("<HH", 65_000, 65_000)
        with pytest.raises(MediaError, match="The gif cannot be decoded"):
            transcode(bytes(gif), to="png")

    @pytest.mark.parametrize("to", ["webp", "jpeg", "gif", "avif"])
    def test_a_side_beyond_the_format(self, to: str) -> None:
        content = written(Image.new("L", (70_000, 1)), "PNG")
        with pytest.raises(
            MediaError, match=rf"A {to} is at most \d+ pixels long, and the picture is 70000x1: take png"
        ):
            transcode(content, to=to)
        assert read_header(transcode(content, to="png")).size == Size(70_000, 1)

    @pytest.mark.parametrize(("to", "longest"), [("webp", 16_383), ("jpeg", 65_500), ("gif", 65_535), ("avif", 65_536)])
    def test_the_longest_side_is_made(self, to: str, longest: int) -> None:
        content = written(Image.new("L", (longest, 1)), "PNG")
        assert read_header(transcode(content, to=to)).size == Size(longest, 1)

    @pytest.mark.parametrize("kind", [name.upper() for name in FORMATS])
    def test_a_cut_picture_gives_our_own_sentence(self, kind: str) -> None:
        content = written(noisy((64, 64)), kind)
        name = kind.lower()
        with pytest.raises(MediaError) as raised:
            transcode(content[: len(content) * 2 // 3], to="png")
        assert str(raised.value) == f"The {name} cannot be decoded: it is cut off or damaged."

    @pytest.mark.filterwarnings("ignore::UserWarning:PIL")
    @given(st.data())
    @settings(max_examples=150, deadline=None)
    def test_any_damage_gives_a_picture_or_a_media_error(self, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "AVIF"]))
        content = bytearray(_to_damage(kind))
        edits = st.tuples(st.integers(0, len(content)), st.binary(max_size=4), st.integers(0, 4))
        for at, inserted, removed in data.draw(st.lists(edits, min_size=1, max_size=6)):
            content[at : at + removed] = inserted
        try:
            made = transcode(bytes(content), to="png")
        except MediaError:
            return
        assert read_header(made).format == "png"

    def test_what_the_encoder_refuses_gives_our_own_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise OSError("encoder error -2 at 0x7f00")

        monkeypatch.setattr(Image.Image, "save", refuse)
        content = plain_png(4, 3, bytes(15))
        with pytest.raises(MediaError, match=r"^The picture of 4x3 could not be written as webp\.$"):
            transcode(content, to="webp")


class TestDependency:
    def test_is_here(self) -> None:
        assert available()
        require()

    def test_says_what_to_install_where_it_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        content = written(quarters(), "PNG")
        monkeypatch.setitem(sys.modules, "PIL", None)
        assert not available()
        for call in (require, lambda: transcode(content, to="webp")):
            with pytest.raises(MissingDependency, match=r'pip install "pentaprism\[images\]"'):
                call()

    def test_importing_the_module_does_not_import_pillow(self) -> None:
        code = "import sys; sys.modules['PIL'] = None; import pentaprism.transcode as t; assert not t.available()"
        subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})

    @pytest.mark.parametrize(("source", "to"), [("PNG", "avif"), ("AVIF", "png")])
    def test_a_pillow_without_avif_is_named(self, monkeypatch: pytest.MonkeyPatch, source: str, to: str) -> None:
        content = written(quarters(), source)
        monkeypatch.setattr(features, "check", lambda name: name != "avif")
        with pytest.raises(MediaError, match="The Pillow installed here was built without avif"):
            transcode(content, to=to)


def test_the_examples_in_the_docstrings_run() -> None:
    outcome = doctest.testmod(importlib.import_module("pentaprism.transcode"))
    assert outcome.attempted
    assert not outcome.failed


def test_half_transparent_pixels_are_blended_with_white_as_by_compositing() -> None:
    """Every opacity, over noise."""
    image = noisy((256, 64))
    image.putalpha(Image.linear_gradient("L").rotate(90).resize(image.size))
    composed = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    made = opened(transcode(written(image, "PNG"), to="jpeg", compression=100))
    assert difference(made, opened(written(composed, "JPEG", quality=100, subsampling="4:4:4"))) == 0
