"""An image inside a request: what a body has in the place of its bytes until the exchange writes them. Row 1."""

from __future__ import annotations

from dataclasses import dataclass, field

from .geometry import Size

__all__ = ["Media"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One image leaf. It has `content` (bytes read) or `url` (to be passed on unread), or both.

    `sha256`, `media_type`, `width` and `height` are known where the bytes were read. `encode` is set by the rule that
    places the image: the ways this field takes it, best first (url, data_uri, base64, upload, file, inline).
    """

    content: bytes | None = field(default=None, repr=False)
    url: str | None = None
    sha256: str | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    encode: tuple[str, ...] = ()

    @property
    def size(self) -> Size | None:
        """The pixels, where they are known."""
        return Size(self.width, self.height) if self.width and self.height else None

    def describe(self, number: int = 1) -> str:
        """What `explain` prints in place of the bytes: `<image 1: png 1024x768, 1.2 MB>`."""
        if self.content is None:
            return f"<image {number}: {self.url}>"
        kind = (self.media_type or "image/?").removeprefix("image/")
        amount = len(self.content)
        weight = f"{amount / 1e6:.1f} MB" if amount >= 100_000 else f"{amount / 1e3:.1f} kB"
        return f"<image {number}: {kind} {self.width}x{self.height}, {weight}>"
