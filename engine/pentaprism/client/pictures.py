"""From what a provider hands over to the picture the caller asked for: fetched, read, converted, held against the wish.

Row 6. Each picture is judged on its own: one that cannot be had is named, and the others are delivered. It must not
touch the ledger.
"""

from __future__ import annotations

from functools import partial

from .. import media, transcode
from ..errors import Failure, ProviderError
from ..types import CompiledRequest, Output, Receipt, Size
from .hooks import Attempt, OnMismatch
from .result import Image, to_base64
from .transport import Transport
from .workers import Workers

__all__ = ["Pictures", "mismatches"]


class Pictures:
    """Finishes pictures: the network by `transport`, the pixels by `workers`."""

    def __init__(self, transport: Transport, workers: Workers) -> None:
        self._transport = transport
        self._workers = workers

    async def finish(self, attempt: Attempt, index: int, output: Output) -> tuple[Image, Size]:
        """One output as the caller gets it, and the pixels in which it came, which are what is billed.

        Raises:
            ProviderError: the picture cannot be had; the provider made it, so that the failure is `accepted`.
        """
        compiled = attempt.compiled
        content = await self._content(output, compiled.provider)
        try:
            returned = media.read_header(content)
            finished = await self._convert(content, compiled, attempt.on_mismatch)
        except media.MediaError as error:
            raise _undelivered(compiled, f"returned something that is no picture: {error}") from error
        link = output.url if finished is content else None
        image = await self._workers.read(_image, finished, compiled, output, link, _seed(attempt, index, output))
        return image, Size(returned.width, returned.height)

    async def _content(self, output: Output, provider: str) -> bytes:
        if output.content is not None:
            return output.content
        if output.url is None:
            message = f"{provider} returned neither a link nor a picture."
            raise ProviderError(message, provider=provider, failure=Failure.ACCEPTED)
        return await self._transport.download(output.url, provider)

    async def _convert(self, content: bytes, compiled: CompiledRequest, on_mismatch: OnMismatch) -> bytes:
        """The same bytes where nothing is to be done."""
        delivery, wish = compiled.delivery, compiled.wish
        frame = None
        # A scale alone names no shape to cut to, and neither does a size nobody asked for.
        if on_mismatch is OnMismatch.FIX and (wish.size or wish.ratio):
            receipt = await self._workers.read(_receipt, content, compiled)
            if receipt.verdicts.get("size", "honored") != "honored":
                frame = transcode.Frame(size=wish.size, shape=wish.ratio.shape if wish.ratio else None)
        to = delivery.format if delivery.transcode else None
        if to is None and frame is None:
            return content
        if to is None:
            # Cropped pixels are written anew, in the format that was asked for or else came.
            to = delivery.format or media.read_header(content).format
        work = partial(transcode.transcode, content, to=to, compression=delivery.compression, frame=frame)
        return await self._workers.run(work)


def mismatches(image: Image, number: int) -> list[str]:
    """What of a picture is not what was asked, in sentences; `number` counts the pictures from 1.

    What comes close as the caller was told beforehand (`approximated`) is none.
    """
    receipt, told = image.receipt, []
    if not receipt.read:
        return [f"picture {number} is cut off."]
    for name, value in (("size", receipt.size), ("format", receipt.format)):
        if receipt.verdicts.get(name) == "mismatch":
            told.append(f"picture {number} has the {name} {value}, which is not what was asked or expected.")
    return told


def _receipt(content: bytes, compiled: CompiledRequest) -> Receipt:
    wish = compiled.wish
    return media.receipt(
        content,
        asked_size=wish.size,
        asked_shape=wish.ratio.shape if wish.ratio else None,
        asked_area=wish.tier.area if wish.tier else None,
        expected=compiled.expected.size,
        asked_format=compiled.delivery.format,
    )


def _image(content: bytes, compiled: CompiledRequest, output: Output, link: str | None, seed: int | None) -> Image:
    receipt = _receipt(content, compiled)
    kind = f"image/{receipt.format}"
    as_text = compiled.delivery.response_format == "b64_json"
    return Image(
        content=content,
        media_type=kind,
        receipt=receipt,
        url=None if as_text else link or f"data:{kind};base64,{to_base64(content)}",
        b64_json=to_base64(content) if as_text else None,
        revised_prompt=output.revised_prompt,
        seed=seed,
    )


def _seed(attempt: Attempt, index: int, output: Output) -> int | None:
    """The seed the provider states; else the call's own, which is that of its first picture."""
    if output.seed is not None or index:
        return output.seed
    return attempt.compiled.seeds[attempt.call]


def _undelivered(compiled: CompiledRequest, what: str) -> ProviderError:
    return ProviderError(f"{compiled.provider} {what}", provider=compiled.provider, failure=Failure.ACCEPTED)
