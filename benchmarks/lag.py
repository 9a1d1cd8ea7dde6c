"""How long an event loop stands still while twenty 4-megapixel pictures are converted at once.

Run it as `.venv/bin/python benchmarks/lag.py`. For each format a fresh process lets the client's own `Pictures` finish
twenty pictures side by side - read, converted, hashed, put into base64 - as it would after their download; meanwhile
a heartbeat asks for 5 ms of sleep again and again, and notes how much later it woke. Whatever else the machine does
adds to that (`idle` is the heartbeat alone), so the calmest of several rounds is told, with the worst round's maximum
beside it. The pictures are a synthetic photograph with grain, as png; `--alpha` lets them fade to nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parent.parent
FORMATS = ("avif", "webp", "png", "jpeg", "gif")
SIDE = 2048
BEAT = 0.005
TARGET = 50.0
UNTOUCHED, IDLE = "untouched", "idle"
IDLE_SECONDS = 3.0


def photograph(chance: random.Random, *, alpha: bool) -> bytes:
    """A picture with broad colours and grain, as a png of SIDE x SIDE."""
    from PIL import Image

    colours = Image.frombytes("RGB", (16, 16), chance.randbytes(16 * 16 * 3))
    grain = Image.merge("RGB", [Image.effect_noise((SIDE, SIDE), 24)] * 3)
    picture = Image.blend(colours.resize((SIDE, SIDE), Image.Resampling.BICUBIC), grain, 0.25)
    if alpha:
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    picture.save(stream := io.BytesIO(), "PNG", compress_level=1)
    return stream.getvalue()


def finishing(format: str, threads: int | None) -> Callable[[bytes], Any]:
    """A coroutine function that finishes one picture as the client does, in the format, as base64."""
    from pentaprism import Catalog
    from pentaprism.client.hooks import Attempt
    from pentaprism.client.pictures import Pictures
    from pentaprism.client.transport import Transport
    from pentaprism.client.workers import Workers
    from pentaprism.types import Output

    catalog = Catalog.load()
    asked = {"model": "fal/flux.1-dev", "prompt": "a lighthouse", "size": f"{SIDE}x{SIDE}"}
    asked |= {"response_format": "b64_json", "output_format": "png" if format == UNTOUCHED else format}
    compiled = catalog.compile(asked, asked["model"])
    if format != UNTOUCHED:
        # Where the provider has the format itself it would not be converted.
        compiled = compiled._replace(delivery=compiled.delivery._replace(transcode=True))
    attempt = Attempt(id="1", request_id="1", compiled=compiled, call=0, reserved=compiled.cost)
    # Nothing is fetched: the content is there.
    pictures = Pictures(cast(Transport, None), Workers(threads))

    async def finish(content: bytes) -> None:
        image, _ = await pictures.finish(attempt, 0, Output(content=content))
        came = (image.receipt.format, str(image.receipt.size))
        if came != (asked["output_format"], asked["size"]) or not image.b64_json:
            raise AssertionError(f"not what was asked: {image.receipt}")

    return finish


async def lags_while(finish: Callable[[bytes], Any] | None, contents: list[bytes]) -> dict[str, float]:
    """The heartbeat's delays in milliseconds while all the pictures are finished, and the seconds that takes.

    With nothing to finish it beats alone for IDLE_SECONDS.
    """
    lags: list[float] = []

    async def beat() -> None:
        while True:
            start = time.perf_counter()
            await asyncio.sleep(BEAT)
            lags.append((time.perf_counter() - start - BEAT) * 1e3)

    heart = asyncio.create_task(beat())
    await asyncio.sleep(10 * BEAT)
    start = time.perf_counter()
    if finish is None:
        await asyncio.sleep(IDLE_SECONDS)
    else:
        await asyncio.gather(*(finish(content) for content in contents))
    seconds = time.perf_counter() - start
    # The beat that was held up last is still to come.
    await asyncio.sleep(10 * BEAT)
    heart.cancel()
    return {"max": max(lags), "p99": statistics.quantiles(lags, n=100)[98], "seconds": seconds, "beats": len(lags)}


def measure(format: str, pictures: int, threads: int | None, *, alpha: bool) -> dict[str, float]:
    """The lags of one process. Every picture comes from the same file, and is decoded anew."""
    if format == IDLE:
        return asyncio.run(lags_while(None, []))
    content = photograph(random.Random(2026), alpha=alpha)
    finish = finishing(format, threads)

    async def run() -> dict[str, float]:
        # The first one loads Pillow's plugins.
        await finish(content)
        return await lags_while(finish, [content] * pictures)

    return asyncio.run(run())


def calmest(format: str, chosen: argparse.Namespace) -> dict[str, float]:
    """The round with the least maximum, and the greatest maximum of all."""
    command = [sys.executable, __file__, "--measure", format, "--pictures", str(chosen.pictures)]
    command += ["--threads", str(chosen.threads)] if chosen.threads else []
    command += ["--alpha"] if chosen.alpha else []
    rounds = [
        json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout) for _ in range(chosen.rounds)
    ]
    return {**min(rounds, key=lambda one: one["max"]), "worst": max(one["max"] for one in rounds)}


def print_figures(seen: dict[str, dict[str, float]]) -> None:
    """A line for each format, and whether the target is met."""
    print(f"{'to':<11}{'max ms':>9}{'p99 ms':>9}{'worst round':>13}{'seconds':>9}{'beats':>8}")
    for format, one in seen.items():
        print(
            f"{format:<11}{one['max']:9.1f}{one['p99']:9.1f}{one['worst']:13.1f}{one['seconds']:9.2f}{one['beats']:8.0f}"
        )
    longest = max(one["max"] for format, one in seen.items() if format != IDLE)
    print(f"\nThe longest in the calmest rounds: {longest:.1f} ms; to reach: {TARGET:.0f} ms.")


def main() -> None:
    """Measure, or do what one of the measured processes does."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--pictures", type=int, default=20, help="converted at once (default %(default)s)")
    options.add_argument("--rounds", type=int, default=3, help="processes for each format (default %(default)s)")
    options.add_argument("--threads", type=int, help="that convert (default: what the client takes)")
    options.add_argument("--alpha", action="store_true", help="pictures with transparency")
    options.add_argument("--formats", nargs="+", default=(*FORMATS, UNTOUCHED, IDLE), metavar="FORMAT")
    options.add_argument("--json", action="store_true", help="print the figures as JSON")
    options.add_argument("--measure", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.measure:
        print(json.dumps(measure(chosen.measure, chosen.pictures, chosen.threads, alpha=chosen.alpha)))
        return
    seen = {format: calmest(format, chosen) for format in chosen.formats}
    print(json.dumps(seen, indent=2)) if chosen.json else print_figures(seen)


if __name__ == "__main__":
    main()
