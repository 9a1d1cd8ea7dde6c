"""The public face: `Catalog` loads, finds models, compiles, routes and explains.

Row 5. It binds the parts so that they need not know each other, opens the image leaves of a request, and reads the
clock once. It must not send anything: `pentaprism.client` does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import media
from .catalog.build import Builder
from .catalog.documents import Documents
from .catalog.layers import read_catalog
from .compile import Compiler, parse_request
from .compile.bodies import without_words
from .compile.request import Vocabulary
from .errors import CatalogError, Fault, ModelNotFound, RequestError, did_you_mean
from .explain import explain_route
from .nearest import nearest_requests
from .route import Observed, route_request, serve
from .types import (
    NOTHING,
    CompiledRequest,
    Cost,
    Endpoint,
    ImageRequest,
    Media,
    Mode,
    Model,
    Parameter,
    Provider,
    ProviderPreferences,
    Route,
    Size,
)

__all__ = ["CLOSED", "Catalog", "today"]

CLOSED = ("retired", "disabled")
"""The statuses of a model that takes no requests."""

_EPOCH = date(1970, 1, 1)


class _Models(Mapping[str, Model]):
    """Model id to Model; each is built when it is first asked for."""

    def __init__(self, ids: Iterable[str], build: Callable[[str], Model]) -> None:
        self._ids = dict.fromkeys(ids)
        self._build = build
        self._built: dict[str, Model] = {}

    def __getitem__(self, model_id: str) -> Model:
        model = self._built.get(model_id)
        if model is None:
            if model_id not in self._ids:
                raise KeyError(model_id)
            model = self._built[model_id] = self._build(model_id)
        return model

    def __contains__(self, model_id: object) -> bool:
        return model_id in self._ids

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class Catalog:
    """All models, providers and parameters; immutable once loaded.

    >>> catalog = Catalog.load()
    >>> catalog.model("flux-dev").id
    'flux.1-dev'
    >>> compiled = catalog.compile({"model": "flux.1-dev", "prompt": "a cat"}, "fal/flux.1-dev")
    >>> compiled.calls[0].json
    {'prompt': 'a cat'}
    """

    def __init__(self, documents: Documents) -> None:
        """Use `Catalog.load`; this takes documents that have been read already."""
        self.documents = documents
        self._builder = Builder(documents)
        self._names = self._builder.names()
        self._keys = self._builder.keys()
        self.version = documents.version
        self.providers: Mapping[str, Provider] = self._builder.providers
        self.parameters: Mapping[str, Parameter] = self._builder.parameters
        self.models: Mapping[str, Model] = _Models(documents.models, self._build)
        self._endpoints: dict[str, Endpoint] = {}
        self._served: set[str] = set()
        self._plain: dict[str, Callable[[Mapping[str, Any], date], CompiledRequest | None]] = {}
        self._vocabulary = Vocabulary(self.parameters)
        self._image_names = frozenset(name for name, one in self._vocabulary.by_name.items() if one.type == "image")
        self._compiler = Compiler(self._vocabulary, self.providers)
        if not documents.published:
            # A file somebody edits is built whole, so that every fault is told at once and at load.
            for model_id in self.models:
                self.models[model_id]
        if self._builder.findings:
            raise CatalogError(self._builder.findings)

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        extends: Iterable[str | os.PathLike[str]] = (),
        *,
        lock: str | os.PathLike[str] | None = None,
    ) -> Catalog:
        """Load a catalog folder or a published JSON file, over what its manifest extends, and others over it in order.

        Args:
            path: a folder of YAML files or a `catalog.json`; None is the catalog that came with the package.
            extends: further folders or files that add to it or amend it (private models, prices, aliases).
            lock: a file written by `pentaprism catalog lock`; only the catalog it pins is loaded.

        Raises:
            CatalogError: with every fault found, each with file, line and column; or the lock pins another catalog.
        """
        documents = read_catalog(path, extends)
        if lock is not None:
            # Imported here because hashing is slow to load, and most programs pin nothing.
            from .catalog.lock import check_lock, read_lock

            check_lock(documents, read_lock(lock))
        return cls(documents)

    def _build(self, model_id: str) -> Model:
        return (self._builder.sound_model if self.documents.published else self._builder.model)(model_id)

    def model(self, name: str) -> Model:
        """The model of an id or an alias.

        Raises:
            ModelNotFound: with the nearest names.
        """
        model_id = self._names.get(name)
        if model_id is None:
            raise self._unknown(name)
        return self.models[model_id]

    def endpoint(self, key: str) -> Endpoint:
        """The endpoint of a key such as `fal/flux.1-dev`.

        Raises:
            ModelNotFound: with the nearest keys.
        """
        model_id = self._keys.get(key)
        if model_id is None:
            raise self._unknown(key)
        endpoint = self._endpoints.get(key)
        if endpoint is None:
            for one in self.models[model_id].endpoints:
                self._endpoints[one.key] = one
            endpoint = self._endpoints[key]
        return endpoint

    def _unknown(self, name: str, others: Iterable[Fault] = ()) -> ModelNotFound:
        near = self._builder.keys_of(name) or did_you_mean(name, [*self._names, *self._keys, *self._forced_names()])
        return ModelNotFound(name, near, others=others)

    def _forced_names(self) -> Iterator[str]:
        for key, model_id in self._keys.items():
            yield f"{key.split('/', 1)[0]}/{model_id}"

    def _find(self, name: str) -> tuple[Model, tuple[str, ...] | None] | None:
        """The model a request means, and the endpoint keys its name allows (None: all)."""
        if name in self._names:
            return self.models[self._names[name]], None
        provider, _, rest = name.partition("/")
        if provider in self.providers and rest in self._names:
            model = self.models[self._names[rest]]
            keys = tuple(endpoint.key for endpoint in model.endpoints if endpoint.provider == provider)
            return (model, keys) if keys else None
        if name in self._keys:
            return self.models[self._keys[name]], (name,)
        return None

    def parse(self, request: Mapping[str, Any] | ImageRequest, *, mode: Mode | None = None) -> ImageRequest:
        """Read an OpenAI-style body; image leaves may be bytes, paths, open files, URLs, data URIs or `Media`.

        Raises:
            RequestError: with every fault; `ModelNotFound` first where the model is unknown.
        """
        if isinstance(request, ImageRequest):
            return request
        if not isinstance(request, Mapping):
            message = f"The request must be an object with `model` and `prompt`, not {type(request).__name__}."
            raise RequestError([Fault(None, message)])
        body: Mapping[str, Any] = request
        faults: list[Fault] = []
        if not self._image_names.isdisjoint(request):
            body, faults = self._open_images(request)
        name = body.get("model")
        found = self._find(name) if isinstance(name, str) and name else None
        forced = found is not None and found[1] is not None
        try:
            parsed = parse_request(body, self._vocabulary, mode=mode, forced=forced, faults=faults)
        except RequestError as error:
            if found is None and isinstance(name, str) and name:
                raise self._unknown(name, error.faults) from None
            raise
        if found is None:
            raise self._unknown(parsed.model)
        self._refuse_closed(found[0])
        self._refuse_unknown_preferences(parsed.preferences)
        return parsed

    @staticmethod
    def _refuse_closed(model: Model) -> None:
        if model.status in CLOSED:
            instead = f" Its successor is {model.successor!r}." if model.successor else ""
            why = "is retired" if model.status == "retired" else "is disabled by the catalog in use here"
            raise RequestError([Fault("model", f"The model {model.id!r} {why}.{instead}", "MODEL_DISABLED")])

    def _refuse_unknown_preferences(self, preferences: ProviderPreferences) -> None:
        """A misspelt name in `provider.ignore` would let through the very provider it is meant to keep out."""
        if not (preferences.order or preferences.only or preferences.ignore):
            return
        named = {"order": preferences.order, "only": preferences.only or (), "ignore": preferences.ignore}
        faults = []
        for option, name in ((option, name) for option, names in named.items() for name in names):
            if name in self.providers or name in self._keys or name in self._forced_names():
                continue
            near = did_you_mean(name, [*self.providers, *self._keys], count=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are {', '.join(self.providers)}."
            faults.append(Fault(f"provider.{option}", f"There is no provider or endpoint {name!r}.{hint}"))
        if faults:
            raise RequestError(faults)

    def _open_images(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
        body, faults = dict(request), []
        for name, value in request.items():
            if name not in self._image_names or value is None:
                continue
            leaves = list(value) if isinstance(value, list) else [value]
            opened = []
            for leaf in leaves:
                try:
                    opened.append(_open_image(leaf))
                except media.MediaError as error:
                    faults.append(Fault(name, f"{name}: {error}"))
            body[name] = opened if len(opened) != 1 else opened[0]
            if not opened:
                del body[name]
        return body, faults

    def compile(
        self, request: Mapping[str, Any] | ImageRequest, endpoint_key: str, *, date: date | None = None
    ) -> CompiledRequest:
        """What one endpoint would receive for a request, with every change, the expected pictures and the cost.

        Args:
            request: an OpenAI-style body, or one parsed before.
            endpoint_key: such as `fal/flux.1-dev`.
            date: the day whose prices count; None is today in UTC.

        Raises:
            RequestError: the request is wrong wherever it goes.
            CompileError: this endpoint cannot serve it.
        """
        on = date or today()
        if type(request) is dict:
            name = request.get("model")
            if type(name) is str and (name in self._served or self._is_served(name)):
                plain = self._plain.get(endpoint_key) or self._specialise(endpoint_key)
                compiled = plain(request, on)
                if compiled is not None:
                    return compiled
        return self._compiler.compile(self.parse(request), self.endpoint(endpoint_key), on)

    def _specialise(self, endpoint_key: str) -> Callable[[Mapping[str, Any], date], CompiledRequest | None]:
        """What compiles plain bodies without an image for an endpoint; kept from the first time on."""
        plain = self._plain[endpoint_key] = self._compiler.plain(self.endpoint(endpoint_key), Mode.TEXT_TO_IMAGE)
        return plain

    def _is_served(self, name: str) -> bool:
        """Whether a request may name this model; an unknown or closed one is told so when it is parsed."""
        found = self._find(name)
        if found is None or found[0].status in CLOSED:
            return False
        self._served.add(name)
        return True

    def route(
        self,
        request: Mapping[str, Any] | ImageRequest,
        *,
        date: date | None = None,
        observed: Mapping[str, Observed] | None = None,
        mode: Mode | None = None,
        unavailable: Mapping[str, str] | None = None,
    ) -> Route:
        """Every endpoint of the model: those that can serve the request, best first, and why the others cannot.

        Where none can, `.nearest` says what would have to change.

        Args:
            request: an OpenAI-style body, or one parsed before.
            date: the day whose prices count; None is today in UTC.
            observed: what is known of endpoints now, `{key: {"open": bool, "p50_s": seconds}}`.
            mode: insist on a mode; None lets an image in the request decide.
            unavailable: providers that cannot be used here, each with a sentence why.

        Raises:
            RequestError: the request is wrong wherever it goes.
        """
        parsed = self.parse(request, mode=mode)
        found = self._find(parsed.model)
        if found is None:
            raise self._unknown(parsed.model)
        model, chosen = found
        compile_for, on = self._compiler.compile, date or today()
        route = route_request(parsed, model, compile_for, on, chosen=chosen, observed=observed, unavailable=unavailable)
        if route.candidates:
            return route
        nearest = nearest_requests(
            route, model, lambda changed, endpoint: serve(changed, endpoint, on, compile_for), self.parameters
        )
        return route._replace(nearest=nearest)

    def explain(self, request: Mapping[str, Any] | ImageRequest, *, date: date | None = None) -> dict[str, Any]:
        """The whole route as JSON-able data: bodies, adjustments, expected pictures, cost, refusals; nothing is sent.

        Where no endpoint can serve the request, `nearest` has what would have to change.

        Raises:
            RequestError: the request is wrong wherever it goes.
        """
        return explain_route(self.route(request, date=date))

    def without_words(self, compiled: CompiledRequest) -> CompiledRequest:
        """A compiled request without prompts, pictures and any other text of the caller's; it can still be settled.

        >>> catalog = Catalog.load()
        >>> compiled = catalog.compile({"model": "flux.1-dev", "prompt": "a secret", "seed": 7}, "fal/flux.1-dev")
        >>> catalog.without_words(compiled).calls[0].json
        {'seed': 7}
        """
        endpoint = self.endpoint(compiled.endpoint)
        return without_words(compiled, endpoint.submission, endpoint.modes[compiled.mode].contract)

    def settle(
        self, compiled: CompiledRequest, sizes: Sequence[Size | None], tokens: Mapping[str, int] = NOTHING
    ) -> Cost:
        """What was really spent on a compiled request, from the pixels that came back (None: picture not read).

        `tokens` are those the provider says it counted, by the kinds that prices know (`text_in`, `image_out`, ...).
        """
        return self._compiler.settle(compiled, self.endpoint(compiled.endpoint), sizes, tokens)


def today() -> date:
    """Today in UTC: the day whose prices count where the caller names none."""
    return _day(int(time.time() // 86_400))


@lru_cache(maxsize=2)
def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)


def _open_image(value: Any) -> Media:
    """One image leaf, whatever it came as."""
    if isinstance(value, Media):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return media.from_bytes(bytes(value))
    if isinstance(value, os.PathLike):
        return media.from_path(Path(value))
    if isinstance(value, str):
        is_text = value[:5].lower() == "data:" or value[:8].lower().startswith(("http://", "https://"))
        return media.from_text(value) if is_text else media.from_path(value)
    if isinstance(value, tuple) and len(value) >= 2:
        # OpenAI's SDK takes files as (name, content) and (name, content, content type).
        return _open_image(value[1])
    read = getattr(value, "read", None)
    if callable(read):
        return media.from_bytes(bytes(read()))
    raise media.MediaError(f"an image is bytes, a path, a file, a URL or a data URI, not {type(value).__name__}.")
