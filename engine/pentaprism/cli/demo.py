"""`demo`: the first picture, through the gateway, with OpenAI's own SDK. Row 8.

It must not take a shortcut: what it shows went over HTTP from the SDK to the gateway to a provider's twin, and the
body it prints is the one in the twin's own log.
"""

from __future__ import annotations

import base64
import json
import tempfile
import textwrap
from pathlib import Path
from typing import Annotated, Any

import typer

from ..api import Catalog
from ..errors import Failure, Fault, MissingDependency, ProviderError, RequestError
from .output import print_table, print_text, working
from .servers import DEFAULT_PORT, twin_settings

__all__ = ["demo"]


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Where to save the picture.")] = Path("demo.png"),
    model: Annotated[str, typer.Option("-m", "--model", help="Which model to ask.")] = "flux.1-dev",
    prompt: Annotated[
        str, typer.Option("-p", "--prompt", help="What to ask for.")
    ] = "white light entering a pentaprism",
    size: Annotated[str, typer.Option(help="Pixels, a shape or auto.")] = "1920x1080",
) -> None:
    """Start the gateway on offline twins, make a picture through it with the openai SDK, and show what happened."""
    try:
        import openai
    except ModuleNotFoundError as error:
        raise MissingDependency("the demo (it uses OpenAI's SDK)", "demo") from error
    from ..gateway import GatewaySettings, create_app, serve_in_thread
    from ..twins import Twins

    catalog = Catalog.load()
    with tempfile.TemporaryDirectory(prefix="pentaprism-") as folder, Twins(catalog) as twins:
        settings = GatewaySettings(data=Path(folder), providers=twin_settings(twins.bases, twins.key))
        with serve_in_thread(create_app(catalog, settings=settings)) as gateway:
            client = openai.OpenAI(api_key="not-needed-here", base_url=f"{gateway}/openai/v1", max_retries=0)
            try:
                with working(f"asking {model} through {gateway}/openai/v1"):
                    reply: Any = client.images.generate(
                        model=model,
                        prompt=prompt,
                        size=size,
                        response_format="b64_json",
                        output_format="png",
                    )
            except openai.APIError as error:
                raise _refused(error) from error
            metadata = reply.to_dict()["metadata"]
            output.write_bytes(base64.b64decode(reply.data[0].b64_json))
            sent = _submission(twins.requests(metadata["provider"]))
    _tell(output, metadata, sent)


def _refused(error: Any) -> Exception:
    """The gateway's answer through the SDK, as an error of ours: the caller's fault or the provider's."""
    status = getattr(error, "status_code", None)
    if status is not None and status < 500:
        return RequestError([Fault(getattr(error, "param", None), error.message)])
    return ProviderError(error.message, provider="gateway", failure=Failure.REJECTED, status=status)


def _submission(log: list[dict[str, Any]]) -> dict[str, Any]:
    """The call in a twin's log that submitted the job."""
    return next(entry for entry in log if entry["method"] == "POST" and entry["json"] is not None)


def _tell(output: Path, metadata: dict[str, Any], sent: dict[str, Any]) -> None:
    receipt = metadata["receipt"][0]
    body = textwrap.indent(json.dumps(sent["json"], indent=2), "  ")
    print_text(f"The openai SDK asked for a picture, and {metadata['executed_model']} made it:\n\n")
    print_text(f"  {output.resolve()}  ({receipt['format']}, {receipt['size']}, {receipt['bytes']:,} bytes)\n\n")
    print_text(f"What {metadata['provider']} received: {sent['method']} {sent['path']}\n\n{body}\n\n")
    print_text("What became of each parameter:\n\n")
    rows = [
        (entry["parameter"], str(entry["asked"]), entry["behaviour"], entry["outcome"], entry["why"])
        for entry in metadata["adjustments"]
    ]
    print_table(("parameter", "asked", "behaviour", "outcome", "why"), rows)
    print_text(f"\nWhat it cost: ${metadata['cost']:.3f} ({metadata['estimate']['derivation']})\n\n")
    print_text(
        f"Next: `make serve` runs the gateway at http://127.0.0.1:{DEFAULT_PORT}/openai/v1 for any OpenAI SDK;\n"
        "`make site` builds the website, a page for every model, at build/site/index.html."
    )
