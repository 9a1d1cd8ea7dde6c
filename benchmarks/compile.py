"""How long one request takes to compile, against a hand-written body and what two peers do for the same request.

Run it as `python benchmarks/compile.py`. The peers go into an environment of their own below `build/`, made once;
everything is then measured in one process of it, in turns, and the medians are told with their ratios. A compiled
request is read as a caller would: the first body, every adjustment's sentence, the cost. 64 distinct requests are
taken in turn, so that nothing that remembers the last request gains anything.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / "build" / "benchmark-peers"
# Later releases of litellm do not resolve beside a current openai.
PEERS = ("litellm==1.106.2", "huggingface_hub==1.33.0")
MODEL, ENDPOINT, FAL_ID = "flux.1-dev", "fal/flux.1-dev", "fal-ai/flux/dev"
REQUESTS = 64
EACH, ROUTE = "pentaprism, compile for each endpoint that can", "pentaprism, route over all endpoints"
ROUNDS = 40
# How often the 64 requests are gone through in one turn: long enough that a turn is not about cold caches.
PASSES = 10

Timed = Callable[[dict[str, Any]], object]


def requests() -> list[dict[str, Any]]:
    """64 requests of ten parameters each besides the model, no two alike, all of which every contender can build."""
    chance = random.Random(2026)
    sides = [512, 768, 832, 896, 1000, 1024, 1152, 1216, 1344, 1536, 1920]
    return [
        {
            "model": ENDPOINT,
            "prompt": f"a lighthouse at dusk, study {number}",
            "n": 1 + number % 4,
            "size": f"{chance.choice(sides)}x{chance.choice(sides)}",
            "seed": chance.randrange(2**31),
            "response_format": "url",
            "output_format": chance.choice(["png", "jpeg"]),
            "cfg_scale": round(chance.uniform(1, 10), 2),
            "num_inference_steps": chance.randint(10, 50),
            "enable_safety_checker": chance.random() < 0.5,
            "acceleration": chance.choice(["none", "regular", "high"]),
        }
        for number in range(REQUESTS)
    ]


def build_by_hand(request: dict[str, Any]) -> dict[str, Any]:
    """What one would write for this one model at this one provider: the body and nothing else."""
    body: dict[str, Any] = {"prompt": request["prompt"]}
    size = request.get("size")
    if size is not None:
        width, _, height = size.partition("x")
        body["image_size"] = {"width": int(width), "height": int(height)}
    for ours, theirs in (("n", "num_images"), ("cfg_scale", "guidance_scale")):
        if ours in request:
            body[theirs] = request[ours]
    for name in ("seed", "num_inference_steps", "output_format", "enable_safety_checker", "acceleration"):
        if name in request:
            body[name] = request[name]
    return body


def ours() -> dict[str, Timed]:
    """Compile from the caller's body, and from a request that is parsed already; read what a caller reads."""
    sys.path.insert(0, str(ROOT / "engine"))
    from pentaprism import Catalog

    catalog = Catalog.load()
    parsed = {request["prompt"]: catalog.parse(request) for request in requests()}
    open_requests = {one["prompt"]: catalog.parse({**one, "model": MODEL}) for one in requests()}

    def read(compiled: Any) -> object:
        return compiled.calls[0].json, [entry.why for entry in compiled.adjustments], compiled.cost

    def compile_for_each(request: dict[str, Any]) -> object:
        open_request = open_requests[request["prompt"]]
        return [read(catalog.compile(open_request, key)) for key in keys]

    def route(request: dict[str, Any]) -> object:
        return [read(candidate) for candidate in catalog.route(open_requests[request["prompt"]]).candidates]

    keys = [candidate.endpoint for candidate in catalog.route(next(iter(open_requests.values()))).candidates]
    return {
        "pentaprism, from the body": lambda request: read(catalog.compile(request, ENDPOINT)),
        "pentaprism, parsed before": lambda request: read(catalog.compile(parsed[request["prompt"]], ENDPOINT)),
        "pentaprism, parse alone": catalog.parse,
        EACH: compile_for_each,
        ROUTE: route,
    }


def hugging_face() -> Timed:
    """`prepare_request` of its fal provider: URL, headers and body; it checks no value and knows no price."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub.hf_api import InferenceProviderMapping
    from huggingface_hub.inference._providers import _common, get_provider_helper

    mapping = InferenceProviderMapping(
        provider="fal-ai", hf_model_id=MODEL, providerId=FAL_ID, status="live", task="text-to-image"
    )
    _common.HARDCODED_MODEL_INFERENCE_MAPPING["fal-ai"] = {MODEL: mapping}
    helper = get_provider_helper("fal-ai", task="text-to-image", model=MODEL)

    def prepare(request: dict[str, Any]) -> object:
        width, _, height = request["size"].partition("x")
        parameters = {
            "width": int(width),
            "height": int(height),
            "num_images": request["n"],
            "guidance_scale": request["cfg_scale"],
            **{name: request[name] for name in ("seed", "num_inference_steps", "output_format", "acceleration")},
            "enable_safety_checker": request["enable_safety_checker"],
        }
        return helper.prepare_request(
            inputs=request["prompt"], parameters=parameters, headers={}, model=MODEL, api_key="key"
        ).json

    return prepare


def litellm() -> Timed:
    """Its lookup, parameter mapping and transformation, as `image_generation` does them; no URL and no headers."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    from litellm import LlmProviders
    from litellm.utils import ProviderConfigManager, get_llm_provider, get_optional_params_image_gen

    def translate(request: dict[str, Any]) -> object:
        model, provider, _, _ = get_llm_provider(model=f"fal_ai/{FAL_ID}")
        config = ProviderConfigManager.get_provider_image_generation_config(
            model=model, provider=LlmProviders(provider)
        )
        optional = get_optional_params_image_gen(
            model=model,
            n=request["n"],
            size=request["size"],
            response_format=request["response_format"],
            custom_llm_provider=provider,
            provider_config=config,
            seed=request["seed"],
            output_format=request["output_format"],
            guidance_scale=request["cfg_scale"],
            num_inference_steps=request["num_inference_steps"],
            enable_safety_checker=request["enable_safety_checker"],
            acceleration=request["acceleration"],
        )
        return config.transform_image_generation_request(
            model=model, prompt=request["prompt"], optional_params=optional, litellm_params={}, headers={}
        )

    return translate


def measure(contenders: dict[str, Timed], rounds: int) -> dict[str, float]:
    """The median microseconds of one request, every contender having its turn in every round."""
    bodies = requests()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 3):
        for name, run in contenders.items():
            start = time.perf_counter()
            for _ in range(PASSES):
                for body in bodies:
                    run(body)
            if turn >= 3:
                times[name].append((time.perf_counter() - start) / len(bodies) / PASSES * 1e6)
    return {name: statistics.median(one) for name, one in times.items()}


def main() -> None:
    """Make the peers' environment if it is not there, and measure in it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--rounds", type=int, default=ROUNDS, help="turns each contender has (default %(default)s)")
    options.add_argument("--json", action="store_true", help="print the figures as JSON")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if not chosen.inside:
        python = ENVIRONMENT / "bin" / "python"
        if not (ENVIRONMENT / "ready").exists():
            print(f"Installing {' and '.join(PEERS)} into {ENVIRONMENT.relative_to(ROOT)} (once) ...", file=sys.stderr)
            venv.create(ENVIRONMENT, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS], check=True)
            (ENVIRONMENT / "ready").touch()
        raise SystemExit(subprocess.run([python, __file__, "--inside", *sys.argv[1:]]).returncode)
    contenders = {"by hand": build_by_hand, **ours(), "huggingface_hub": hugging_face(), "litellm": litellm()}
    medians = measure(contenders, chosen.rounds)
    if chosen.json:
        print(json.dumps(medians, indent=2))
        return
    own = medians["pentaprism, from the body"]
    print(f"{'':<52}{'us':>8}{'x by hand':>11}{'x ours':>8}")
    for name, median in medians.items():
        print(f"{name:<52}{median:8.2f}{median / medians['by hand']:11.1f}{median / own:8.2f}")
    print(f"\nroute / compile for each endpoint that can: {medians[ROUTE] / medians[EACH]:.2f}")


if __name__ == "__main__":
    main()
