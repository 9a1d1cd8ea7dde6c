"""What the laws are about: a catalog, real or drawn, a request to it, and how to look at what comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from pentaprism import Catalog, CompiledRequest, RequestError, Route
from pentaprism.compile.bodies import fields_of
from pentaprism.types import Endpoint, Media, ModeSpec
from strategies import catalogs, requests

__all__ = [
    "DRAWN",
    "FORMAT",
    "ON",
    "REAL",
    "Asked",
    "ask",
    "every_catalog",
    "in_use",
    "leaves",
    "subject",
    "take",
    "unordered",
    "varied",
    "wire",
]

FORMAT = Path(__file__).parent / "format"
ON = date(2026, 11, 21)
DRAWN = "drawn"
"""The name of a catalog that is drawn anew for every example."""

REAL = {"builtin": Catalog.load(), "wide": Catalog.load(extends=[FORMAT])}
# The private layer's own models; the built-in ones are drawn beside the other catalog.
_MODELS = {"wide": sorted(file.stem for file in (FORMAT / "models").rglob("*.yaml"))}

every_catalog = pytest.mark.parametrize("which", [*REAL, DRAWN])


@dataclass(frozen=True)
class Asked:
    """A request to a catalog."""

    catalog: Catalog
    body: dict[str, Any]

    def route(self, **changes: Any) -> Route:
        """Where it goes, with some names of its body changed. What no endpoint could read is another example's."""
        try:
            return self.catalog.route({**self.body, **changes}, date=ON)
        except RequestError:
            assume(False)
            raise

    def spec(self, compiled: CompiledRequest) -> ModeSpec:
        """What is known of the endpoint in the mode a request was compiled for."""
        return self.catalog.endpoint(compiled.endpoint).modes[compiled.mode]

    def fields(self, compiled: CompiledRequest, call: int = 0) -> dict[str, Any]:
        """A call's fields, without an envelope and whether it is JSON or a form."""
        submission = self.catalog.endpoint(compiled.endpoint).submission
        return fields_of(compiled.calls[call], submission, self.spec(compiled).contract)


def subject(data: st.DataObject, which: str) -> Catalog:
    """The catalog of that name, or one drawn now."""
    return data.draw(catalogs()) if which == DRAWN else REAL[which]


def ask(data: st.DataObject, which: str, *, native: bool = True) -> Asked:
    """A request to the catalog of that name."""
    catalog = subject(data, which)
    return Asked(catalog, data.draw(requests(catalog, native=native, models=_MODELS.get(which))))


def in_use(
    data: st.DataObject, which: str, where: Callable[[ModeSpec], bool] = lambda spec: True
) -> tuple[Catalog, Endpoint, ModeSpec]:
    """A mode of an endpoint that is in use, of the catalog of that name; `where` leaves out others beforehand."""
    catalog = subject(data, which)
    names = _MODELS.get(which) or [*catalog.models]
    modes = [
        (catalog, endpoint, spec)
        for name in names
        for endpoint in catalog.models[name].endpoints
        for spec in endpoint.modes.values()
        if endpoint.status != "disabled" and where(spec)
    ]
    assume(modes)
    return data.draw(st.sampled_from(modes))


def varied(data: st.DataObject, which: str, catalog: Catalog, vary: Callable[[Catalog, int], Catalog]) -> Catalog:
    """A catalog written otherwise, by a function that takes it and a seed.

    Real ones take a while to build, so that there are a few variants of each; a drawn one has its own.
    """
    if which == DRAWN:
        return vary(catalog, data.draw(st.integers(0, 2**16)))
    seed = data.draw(st.integers(0, 2))
    key = (which, vary.__qualname__, seed)
    if key not in _VARIANTS:
        _VARIANTS[key] = vary(catalog, seed)
    return _VARIANTS[key]


_VARIANTS: dict[tuple[str, str, int], Catalog] = {}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its path; `a`, `a[]` and `a[0]` all count as `a`."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            name = re.sub(r"\[\d*\]", "", key)
            yield from leaves(entry, f"{path}.{name}" if path else name)
    elif isinstance(value, (list, tuple)) and not isinstance(value, Media):
        for entry in value:
            yield from leaves(entry, path)
    else:
        yield path, value


def unordered(compiled: CompiledRequest) -> CompiledRequest:
    """The same with the parts of forms sorted: a form means the same in any order, as an object does."""
    calls = [
        call if call.parts is None else call._replace(parts=tuple(sorted(call.parts, key=lambda part: part.name)))
        for call in compiled.calls
    ]
    return compiled._replace(calls=tuple(calls))


def take(body: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path of a body; None where nothing does."""
    name, _, rest = path.partition(".")
    inner = body.get(name)
    return take(inner, rest) if rest and isinstance(inner, Mapping) else None if rest else inner


def wire(value: Any) -> Any:
    """The body as it goes out: every image leaf a link, or what else its field takes."""
    if isinstance(value, Media):
        inline = {"mimeType": "image/png", "data": "iVBORw0KGgo="}
        return inline if "inline" in value.encode else "https://example.com/image.png"
    if isinstance(value, Mapping):
        return {key: wire(entry) for key, entry in value.items()}
    return [wire(entry) for entry in value] if isinstance(value, (list, tuple)) else value
