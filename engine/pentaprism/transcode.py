"""One picture in another format, by Pillow (extra `images`). Row 5.

Used where a provider cannot return the format asked for. Pillow is imported inside the functions, so that this module
can be imported, and asked whether it is `available`, without it. It must not touch a file or the network, and must not
pass a decoder's own words on: they have leaked addresses elsewhere. It fills a core while it runs, so whoever serves
many callers runs it off the event loop, in a bounded number of workers.

The encoder settings were chosen by measuring a synthetic photograph with grain, the same one blurred, and flat boxes
with lettering, 1024x1024 each, on one core with Pillow 13. Time and bytes as ratios to the setting in the first row:

    png level     photograph        blurred           flat
    6             1.00  1.000       1.00  1.000       1.00  1.000
    4 (chosen)    0.87  1.012       0.35  1.020       0.89  1.010
    1             0.49  1.028       0.21  1.201       0.72  1.112

    webp method   photograph        blurred           flat
    4             1.00  1.000       1.00  1.000       1.00  1.000
    2 (chosen)    0.49  0.998       0.43  1.000       0.49  1.038
    0             0.36  0.969       0.30  1.039       0.59  1.100

    avif speed    photograph        blurred           flat
    8 (chosen)    1.00  1.000       1.00  1.000       1.00  1.000
    9             0.53  1.007       0.54  1.005       0.29  2.010

On the photograph avif at speed 6 takes 4.9 times as long as at speed 8 for 1 % fewer bytes; webp's method 0 loses
0.5 dB against method 4, which its bytes do not show. A gif palette by octree with dithering takes 1/27 of the time of
median cut and is 0.4 dB worse. At the default compression avif (75) is as near to the original as jpeg (90) in 0.58
of its bytes, and webp (90) 1.6 dB nearer in 0.77 of them.

Transparency turns white by pasting, in a third of the time of alpha_composite, which holds the interpreter's lock: an
event loop beside twenty such conversions to jpeg wakes 14 ms late at the most, where it was 35 (`benchmarks/lag.py`).
"""

from __future__ import annotations

import importlib.util
import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import MissingDependency
from .media import FORMATS, Header, MediaError, check_pixels, read_header
from .types import Size

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["DEFAULT_COMPRESSION", "Frame", "available", "require", "transcode"]

DEFAULT_COMPRESSION = {"jpeg": 90, "webp": 90, "avif": 75}
"""The compression, 100 the best, of each lossy format where the caller asks for none; the other two lose nothing."""

_PNG_LEVEL = 4
_WEBP_METHOD = 2
_AVIF_SPEED = 8
# One picture, one core: how many pictures are made at once is for the caller to bound.
_AVIF_THREADS = 1
# From here up jpeg and avif keep colour as sharp as brightness (4:4:4); below they halve its sides (4:2:0), which is
# all that lossy webp can do. Coloured lettering shows the difference first.
_FULL_COLOUR = 90
# The longest side each encoder takes: libwebp's WEBP_MAX_DIMENSION, libjpeg's JPEG_MAX_DIMENSION, GIF's 16-bit field,
# and libaom's bound. PNG's is beyond any picture of MAX_PIXELS.
_MAX_SIDE = {"webp": 16_383, "jpeg": 65_500, "gif": 65_535, "avif": 65_536}
# A gif pixel is there or not; less than half there counts as not.
_GIF_OPAQUE = 128
_EXIF_ORIENTATION = 0x0112
# What undoes each EXIF orientation (CIPA DC-008, 4.6.5): names of PIL.Image.Transpose.
_UPRIGHT = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
# What Pillow's plugins raise on damaged bytes: they share no class, and document none.
_DECODER_ERRORS = (
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class Frame(NamedTuple):
    """What a picture is cut to: `size` in pixels, or else a `shape`, width over height; the middle of it is kept.

    Nothing is stretched: to reach a size the picture is cut to the size's shape first, and then scaled.
    """

    size: Size | None = None
    shape: float | None = None


def available() -> bool:
    """Whether Pillow is installed.

    >>> available()
    True
    """
    return importlib.util.find_spec("PIL") is not None


def require() -> None:
    """Raise MissingDependency, with the command that helps, where Pillow is not installed.

    >>> require()
    """
    if not available():
        raise MissingDependency("Changing the format of an image", "images")


def transcode(content: bytes, *, to: str, compression: int | None = None, frame: Frame | None = None) -> bytes:
    """The same picture as `to`: png, jpeg, webp, gif or avif; encoded anew even where it is one already.

    The picture is what a viewer would show first, and nothing else: upright by its EXIF orientation, the first frame
    of an animation, in sRGB, 8 bits a channel, without metadata. Transparency turns white in jpeg; in gif each pixel
    is either there, on white, or not. `compression` is 0 to 100, 100 the best, None the format's default
    (`DEFAULT_COMPRESSION`); png and gif have none and take no notice, which the compiler says in its adjustment.
    `frame` cuts and scales the picture before it is encoded.

    Raises MediaError where the bytes are no whole picture, have more than MAX_PIXELS (seen before they are decoded),
    or do not fit the format; MissingDependency without Pillow.

    >>> import io, PIL.Image
    >>> PIL.Image.new("RGB", (4, 3)).save(png := io.BytesIO(), "PNG")
    >>> read_header(transcode(png.getvalue(), to="webp")).format
    'webp'
    """
    if to not in FORMATS:
        raise MediaError(f"{to!r} is not a format this can make: take one of {', '.join(FORMATS)}.")
    if compression is not None and not 0 <= compression <= 100:
        raise MediaError(f"The compression must be 0 to 100, 100 the best, not {compression}.")
    header = read_header(content)
    check_pixels(header)
    require()
    _require_avif(header.format, to)
    picture = _decode(content, header.format)
    if frame is not None:
        picture = _framed(picture, frame)
    longest = _MAX_SIDE.get(to)
    if longest and max(picture.size) > longest:
        width, height = picture.size
        raise MediaError(f"A {to} is at most {longest} pixels long, and the picture is {width}x{height}: take png.")
    return _encode(picture, to, compression)


def _require_avif(*formats: str) -> None:
    from PIL import features

    if "avif" in formats and not features.check("avif"):
        raise MediaError("The Pillow installed here was built without avif: install one of its own wheels.")


def _decode(content: bytes, name: str) -> Image.Image:
    """The picture upright, in sRGB, as L, RGB or RGBA, with nothing attached."""
    # Named, so that Pillow does not load each of its forty-odd plugins on the first avif or webp.
    from PIL import AvifImagePlugin, Image, WebPImagePlugin  # noqa: F401

    try:
        with Image.open(BytesIO(content), formats=[name.upper()]) as image:
            # A second header further in may be larger than the first, which is the one that was checked.
            check_pixels(Header(f"image/{name}", *image.size, None))
            image.load()
            turn = _turn(image)
            picture = _to_srgb(image)
    except MediaError:
        raise
    except (*_DECODER_ERRORS, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaError(f"The {name} cannot be decoded: it is cut off or damaged.") from error
    if turn:
        picture = picture.transpose(Image.Transpose[turn])
    # What is left here (a comment, an ICC profile, an animation's delay) would be written by some of the encoders.
    picture.info = {}
    return picture


def _turn(image: Image.Image) -> str | None:
    try:
        return _UPRIGHT.get(image.getexif().get(_EXIF_ORIENTATION, 1))
    except _DECODER_ERRORS:
        # The pixels are whole and only the note about them is damaged: they are shown as they lie, as in any viewer.
        return None


def _to_srgb(image: Image.Image) -> Image.Image:
    """As L, RGB or RGBA in sRGB: the ICC profile that says otherwise is metadata, and will not be there any more."""
    profile = image.info.get("icc_profile")
    if not profile:
        return _plain(image)
    from PIL import ImageCms

    source = image if image.mode == "CMYK" else _plain(image)
    try:
        stated = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(stated).lower():
            return source
        target = "RGBA" if source.mode == "RGBA" else "RGB"
        moved = ImageCms.profileToProfile(source, stated, ImageCms.createProfile("sRGB"), outputMode=target)
    except (ImageCms.PyCMSError, ImportError, OSError):
        # A profile that is damaged, or of another colour space than the pixels: viewers leave it aside too.
        moved = None
    return _plain(image) if moved is None else moved


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow's own conversion cuts 16 bits off at 255 instead of scaling them; the key of transparency scales too.
        key = image.info.get("transparency")
        image = image.point(lambda value: value * (1 / 257) + 0.5).convert("L")
        if isinstance(key, int):
            image.info["transparency"] = (key + 128) // 257
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _framed(picture: Image.Image, frame: Frame) -> Image.Image:
    """The middle of a picture, in the frame's shape and size."""
    from PIL import Image

    width, height = picture.size
    shape = frame.size.width / frame.size.height if frame.size else frame.shape or width / height
    wide, high = min(width, max(1, round(height * shape))), min(height, max(1, round(width / shape)))
    left, top = (width - wide) // 2, (height - high) // 2
    picture = picture.crop((left, top, left + wide, top + high))
    return picture.resize(frame.size, Image.Resampling.LANCZOS) if frame.size else picture


def _encode(picture: Image.Image, to: str, compression: int | None) -> bytes:
    quality = DEFAULT_COMPRESSION.get(to, 100) if compression is None else compression
    colour = "4:4:4" if quality >= _FULL_COLOUR else "4:2:0"
    options: dict[str, Any] = {}
    match to:
        case "png":
            options = {"compress_level": _PNG_LEVEL}
        case "jpeg":
            picture = _on_white(picture)
            options = {"quality": quality, "subsampling": colour}
        case "webp":
            options = {"quality": quality, "method": _WEBP_METHOD}
        case "avif":
            options = {"quality": quality, "speed": _AVIF_SPEED, "max_threads": _AVIF_THREADS}
            if picture.mode != "L":
                options["subsampling"] = colour
        case _:
            picture, options = _paletted(picture)
    written = BytesIO()
    try:
        picture.save(written, to.upper(), **options)
    except (OSError, ValueError, RuntimeError, MemoryError) as error:
        raise MediaError(f"The picture of {picture.width}x{picture.height} could not be written as {to}.") from error
    return written.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    from PIL import Image

    # Not alpha_composite, which holds the interpreter's lock.
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture)
    return white


def _paletted(picture: Image.Image) -> tuple[Image.Image, dict[str, Any]]:
    """The picture in at most 256 colours, exact where it has no more, and how to write it."""
    from PIL import Image

    if picture.mode == "L":
        return picture, {}
    colours = _on_white(picture)
    most = 256 if picture.mode == "RGB" else 255
    if colours.getcolors(most):
        indexed = colours.quantize(most, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    else:
        palette = colours.quantize(most, method=Image.Quantize.FASTOCTREE)
        indexed = colours.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    if picture.mode == "RGB":
        return indexed, {}
    indexed.paste(most, mask=picture.getchannel("A").point(lambda alpha: 255 * (alpha < _GIF_OPAQUE)))
    return indexed, {"transparency": most}
