"""Example requests of one model, compiled for its endpoints on one day: everything a page says of sizes and prices.

Row 7. A page never computes such a fact itself; it asks the engine, and shows a refusal where the engine refuses.
It must not format anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import Any

from ..api import Catalog, today
from ..errors import CompileError, RequestError
from ..types import CompiledRequest, Endpoint, ImageRequest, Media, Mode, Model, Provider, Route

__all__ = ["MODE_NAMES", "Attempt", "Bench", "sample_image"]

MODE_NAMES: Mapping[Mode, str] = {Mode.TEXT_TO_IMAGE: "Text to image", Mode.IMAGE_EDIT: "Image edit"}
_PROMPTS: Mapping[Mode, str] = {
    Mode.TEXT_TO_IMAGE: "a lighthouse at dusk, long exposure",
    Mode.IMAGE_EDIT: "the same harbour in deep winter",
}


def sample_image(width: int = 1280, height: int = 960) -> Media:
    """The picture the examples edit: a link, of known pixels so that the cost is known too."""
    return Media(url="https://example.com/harbour.jpg", media_type="image/jpeg", width=width, height=height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request compiled for one endpoint, or why it was refused."""

    endpoint: Endpoint
    provider: Provider
    compiled: CompiledRequest | None
    refused: str = ""


class Bench:
    """Compiles example requests of one model.

    >>> from pentaprism import Catalog
    >>> catalog = Catalog.load()
    >>> bench = Bench(catalog, catalog.model("flux.1-dev"), Date(2026, 11, 1))
    >>> [str(one.compiled.cost.text) for one in bench.attempts(Mode.TEXT_TO_IMAGE, {"size": "1024x1024"})]
    ['$0.025', '$0.025']
    """

    def __init__(self, catalog: Catalog, model: Model, on: Date | None = None) -> None:
        self.catalog = catalog
        self.model = model
        self.on = on or today()

    def endpoints(self, mode: Mode) -> tuple[Endpoint, ...]:
        """The endpoints that serve a mode, in file order."""
        return tuple(endpoint for endpoint in self.model.endpoints if mode in endpoint.modes)

    def provider(self, endpoint: Endpoint) -> Provider:
        """Who serves an endpoint."""
        return self.catalog.providers[endpoint.provider]

    def label(self, endpoint: Endpoint, among: Iterable[Endpoint]) -> str:
        """What to call an endpoint beside others: the provider's name, or the key where one provider has several."""
        several = [one for one in among if one.provider == endpoint.provider]
        return self.provider(endpoint).name if len(several) < 2 else endpoint.key

    def body(self, mode: Mode, wishes: Mapping[str, Any], *, image: Media | None = None) -> dict[str, Any]:
        """An OpenAI-style body in a mode, with an example prompt (and picture) and the wishes after them."""
        body: dict[str, Any] = {"model": self.model.id, "prompt": _PROMPTS[mode]}
        if mode is Mode.IMAGE_EDIT:
            body["image"] = image or sample_image()
        return body | dict(wishes)

    def attempts(self, mode: Mode, wishes: Mapping[str, Any], *, image: Media | None = None) -> tuple[Attempt, ...]:
        """The body of `body` at every endpoint of the mode."""
        endpoints = self.endpoints(mode)
        try:
            request = self.catalog.parse(self.body(mode, wishes, image=image), mode=mode)
        except RequestError as error:
            return tuple(self._refused(endpoint, str(error)) for endpoint in endpoints)
        return tuple(self._attempt(endpoint, request) for endpoint in endpoints)

    def _attempt(self, endpoint: Endpoint, request: ImageRequest) -> Attempt:
        try:
            compiled = self.catalog.compile(request, endpoint.key, date=self.on)
        except CompileError as error:
            return self._refused(endpoint, " ".join(refusal.message for refusal in error.refusals))
        return Attempt(endpoint=endpoint, provider=self.provider(endpoint), compiled=compiled)

    def _refused(self, endpoint: Endpoint, reason: str) -> Attempt:
        return Attempt(endpoint=endpoint, provider=self.provider(endpoint), compiled=None, refused=reason)

    def route(self, mode: Mode, wishes: Mapping[str, Any], *, image: Media | None = None) -> Route | None:
        """The route of such a body; None where the model takes no requests (it is retired)."""
        try:
            return self.catalog.route(self.body(mode, wishes, image=image), date=self.on, mode=mode)
        except RequestError:
            return None
