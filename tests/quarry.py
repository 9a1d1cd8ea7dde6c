"""Quarry: a provider that speaks BFL's protocol and takes each input image in a field of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIELDS = ("input_image", "input_image_2", "input_image_3", "input_image_4")
PROVIDER = """
name: Quarry
homepage: https://quarry.example
protocol: bfl
auth: {header: x-key, env: QUARRY_API_KEY}
submit: {url: "https://api.quarry.example/v1/{endpoint}"}
hosts: [api.quarry.example, "*.quarry.example"]
bills: {source: no statement was found}
reserved: [webhook_url]
checked: {source: the manual, date: 2026-11-21, method: page}
rules:
  cfg_scale: {rename: guidance}
  output_format: {emulate: transcode, native: {to: output_format}, via: png}
  image: {convert: image, to: input_image, shape: numbered, encode: [url, base64]}
"""
MODEL = """
name: Slate
family: slate
creator: quarry
summary: It draws on slate.
endpoints:
  - provider: quarry
    id: slate-1
    modes:
      text-to-image: {without: [input_image, input_image_2, input_image_3, input_image_4, input_image_6]}
      image-edit: {}
    checked: {source: the manual, date: 2026-11-21, method: page}
    prices:
      - {from: 2026-11-21, usd: "0.05", per: megapixel, round: up, source: the manual}
      - {from: 2026-11-21, usd: "0.05", per: input_megapixel, round: up, source: the manual}
    sizes:
      default: 1024x768
      forms: [{form: free, to: {width: width, height: height}, step: 16, pixels: [4096, 4194304]}]
"""
CONTRACT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "slate-1",
    "x-provenance": {"source": "the manual", "date": "2026-11-21", "method": "page"},
    "type": "object",
    "additionalProperties": False,
    "required": ["prompt"],
    "properties": {
        "prompt": {"type": "string"},
        "seed": {"type": "integer"},
        "width": {"type": "integer", "minimum": 64, "maximum": 2048},
        "height": {"type": "integer", "minimum": 64, "maximum": 2048},
        "guidance": {"type": "number", "minimum": 1.5, "maximum": 10, "default": 4.5},
        "output_format": {"type": "string", "enum": ["jpeg", "png"], "default": "jpeg"},
        "webhook_url": {"type": "string"},
        # A gap ends the row: the sixth is a field of its own.
        **{name: {"type": "string"} for name in (*FIELDS, "input_image_6")},
    },
}


def private_layer(folder: Path, rule: str = "") -> Path:
    """A catalog's files for one provider that speaks BFL's protocol; `rule` is the endpoint's own for `image`."""
    files = {
        "providers/quarry.yaml": PROVIDER,
        "models/slate/slate-1.yaml": MODEL + (f"    rules: {{image: {rule}}}\n" if rule else ""),
        "contracts/quarry/slate-1.json": json.dumps(CONTRACT),
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
