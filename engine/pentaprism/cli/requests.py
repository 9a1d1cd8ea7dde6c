"""`explain` and `generate`: a request on the command line, priced and shown, or run. Row 8; it must not route or run
anything itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ..api import Catalog
from ..client import Client, ImagesResponse, ProviderSettings
from ..errors import Fault, RequestError
from ..explain import explain_text
from .loading import load_catalog
from .output import print_json, print_text, say, working

__all__ = ["explain", "generate"]

Model = Annotated[str, typer.Option("-m", "--model", help="Model id, alias, provider/model or endpoint key.")]
Prompt = Annotated[str, typer.Option("-p", "--prompt", help="What the picture should show, or how to change it.")]
Size = Annotated[str | None, typer.Option(help="Pixels (1920x1080), a shape (16:9) or auto.")]
Ratio = Annotated[str | None, typer.Option("--aspect-ratio", help="The shape alone: 16:9, 2.39:1.")]
Resolution = Annotated[str | None, typer.Option(help="The scale alone: 1K, 2K, 0.25MP.")]
Count = Annotated[int | None, typer.Option("-n", "--n", help="How many pictures, 1 to 10.")]
Seed = Annotated[int | None, typer.Option(help="Fixes the random start.")]
Images = Annotated[list[str] | None, typer.Option("--image", help="A picture to edit: a file, URL or data URI.")]
Format = Annotated[str | None, typer.Option("--output-format", help="png, jpeg, gif, webp or avif.")]
Compression = Annotated[int | None, typer.Option("--output-compression", help="0 to 100 for lossy formats; 100 best.")]
Others = Annotated[
    list[str] | None, typer.Option("-s", "--set", help="Any other parameter as NAME=VALUE; VALUE may be JSON.")
]
CatalogPath = Annotated[Path | None, typer.Option("--catalog", help="A catalog folder or JSON file to use instead.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_BY_SUFFIX = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".gif": "gif", ".avif": "avif"}


def _body(others: list[str] | None, **named: Any) -> dict[str, Any]:
    """The request as a body; `--set` comes last and takes JSON where the value is JSON."""
    body = {name: value for name, value in named.items() if value not in (None, [])}
    for entry in others or ():
        name, equals, text = entry.partition("=")
        if not equals:
            raise RequestError([Fault(None, f"--set takes NAME=VALUE, not {entry!r}.")])
        try:
            body[name] = json.loads(text)
        except ValueError:
            body[name] = text
    images = body.get("image")
    if isinstance(images, list) and len(images) == 1:
        body["image"] = images[0]
    return body


def explain(
    model: Model,
    prompt: Prompt,
    size: Size = None,
    aspect_ratio: Ratio = None,
    resolution: Resolution = None,
    n: Count = None,
    seed: Seed = None,
    image: Images = None,
    output_format: Format = None,
    output_compression: Compression = None,
    others: Others = None,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> None:
    """Show what every provider would receive, what changes, what comes back and what it costs; sends nothing."""
    body = _body(
        others,
        model=model,
        prompt=prompt,
        size=size,
        aspect_ratio=aspect_ratio,
        resolution=resolution,
        n=n,
        seed=seed,
        image=image,
        output_format=output_format,
        output_compression=output_compression,
    )
    explained = load_catalog(catalog).explain(body)
    if as_json:
        print_json(explained)
    else:
        print_text(explain_text(explained))


def generate(
    model: Model,
    prompt: Prompt,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to save; with n > 1 numbers are added.")],
    size: Size = None,
    aspect_ratio: Ratio = None,
    resolution: Resolution = None,
    n: Count = None,
    seed: Seed = None,
    image: Images = None,
    output_format: Format = None,
    output_compression: Compression = None,
    others: Others = None,
    catalog: CatalogPath = None,
    twins: Annotated[
        bool, typer.Option("--twins", help="Use offline twins of the providers: no key, no cost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make pictures and save them; keys come from the environment (FAL_KEY, REPLICATE_API_TOKEN, BFL_API_KEY)."""
    body = _body(
        others,
        model=model,
        prompt=prompt,
        size=size,
        aspect_ratio=aspect_ratio,
        resolution=resolution,
        n=n,
        seed=seed,
        image=image,
        output_format=output_format or _BY_SUFFIX.get(output.suffix.lower()),
        output_compression=output_compression,
    )
    if not output.parent.is_dir():
        raise RequestError([Fault("output", f"There is no folder {output.parent}; make it first.")])
    loaded = load_catalog(catalog)
    if twins:
        from ..twins import Twins

        with Twins(loaded) as running:
            settings = {name: ProviderSettings(key=running.key, base_url=base) for name, base in running.bases.items()}
            response = _run(loaded, settings, body)
    else:
        response = _run(loaded, None, body)
    paths = _save(response, output)
    if as_json:
        print_json({"files": [str(path) for path in paths], "id": response.id, "metadata": response.metadata})
    else:
        _tell(response, paths)


def _run(catalog: Catalog, settings: dict[str, ProviderSettings] | None, body: dict[str, Any]) -> ImagesResponse:
    with Client(catalog, providers=settings) as client, working(f"{body['model']} is making your picture"):
        run = client.images.edit if "image" in body else client.images.generate
        return run(**body)


def _save(response: ImagesResponse, output: Path) -> list[Path]:
    if len(response.data) == 1:
        return [response.data[0].save(output)]
    return [image.save(output.with_stem(f"{output.stem}-{number}")) for number, image in enumerate(response.data, 1)]


def _tell(response: ImagesResponse, paths: list[Path]) -> None:
    for path, image in zip(paths, response.data, strict=True):
        print_text(str(path))
        size, kind = image.receipt.size, image.receipt.format
        say(f"  {kind} {size}, made by {response.executed.endpoint}")
    for adjustment in response.changes:
        say(f"  {adjustment.parameter}: {adjustment.outcome}: {adjustment.why}")
    say(f"  cost {response.cost.text} ({response.cost.derivation})")
    for failure in response.failures:
        say(f"  missing: {failure}")
    for flag in response.flagged:
        say(f"  {flag}")
