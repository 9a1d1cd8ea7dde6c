"""Whether names lead somewhere, and where one thinks.

Row 3. That ids, aliases, keys and synonyms are used once is found while building, since a catalog could not be loaded
otherwise. It must not judge spelling.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..scene import Scene
from .linter import Remark, linter, remark
from .targets import hint

__all__ = ["missing_successor", "same_title", "shadowed_key", "unknown_successor"]


@linter(
    "No two models are called the same.",
    why="In lists, in the index of the site and in search both look alike, and one is picked by luck.",
    fix="Write what sets it apart into `name:`, as its creator does.",
)
def same_title(scene: Scene) -> Iterator[Remark]:
    titles: dict[str, str] = {}
    for model_id, root in scene.roots:
        title = root.text("name")
        first = titles.setdefault(title.casefold(), model_id)
        if first != model_id:
            yield remark(root, f"{title!r} is what {first} is called too", "name")


@linter(
    "An endpoint's key means that endpoint.",
    why="`provider/model` means all endpoints of that model at that provider, and goes before keys; an endpoint whose "
    "`name` is another model's can never be asked for by its key.",
    fix="Give the endpoint a `name` that is no model's id or alias.",
)
def shadowed_key(scene: Scene) -> Iterator[Remark]:
    names = scene.builder.names()
    served = {(endpoint.provider, endpoint.model) for endpoint, _ in scene.written}
    for endpoint, entry in scene.written:
        meant = names.get(endpoint.name)
        if meant is not None and meant != endpoint.model and (endpoint.provider, meant) in served:
            message = f"{endpoint.key} means the model {meant} at {endpoint.provider}; choose another name"
            yield remark(entry, message, "name")


@linter(
    "A retired model names its successor.",
    why="Callers of a retired model are refused and told what to use instead; without a successor they are left alone.",
    fix="Write `successor:` with the id of the model that takes its place.",
)
def missing_successor(scene: Scene) -> Iterator[Remark]:
    for model_id, root in scene.roots:
        if root.get("status") == "retired" and not root.has("successor"):
            yield remark(root, f"{model_id} is retired and names no successor", "status")


@linter(
    "A successor is a model that can be used.",
    why="Callers are sent to a name that nobody answers to, or that sends them on.",
    fix="Name the id of a model in this catalog that is not retired itself.",
)
def unknown_successor(scene: Scene) -> Iterator[Remark]:
    models = scene.documents.models
    for model_id, root in scene.roots:
        successor = root.get("successor")
        if successor is None:
            continue
        if successor not in models:
            near = hint(successor, [name for name in models if name != model_id])
            yield remark(root, f"there is no model {successor!r}{near}", "successor")
        elif successor == model_id or models[successor].data.get("status") == "retired":
            yield remark(root, f"{successor!r} is retired itself; name the model that is used today", "successor")
