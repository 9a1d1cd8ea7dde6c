"""Code that calls a model through the gateway, in curl, Python and JavaScript, for each mode.

Row 7. Values are quoted by each language's own rules, so that no name of a catalog can end a string. It must not
show a parameter the mode does not need.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from ..types import Mode
from .bench import Bench

__all__ = ["BASE_URL", "Snippet", "snippets"]

BASE_URL = "http://127.0.0.1:8080/openai/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One example: the tab's title, the language to highlight, the code."""

    title: str
    language: str
    code: str


def snippets(bench: Bench, mode: Mode) -> tuple[Snippet, ...]:
    """The three examples of a mode.

    >>> from pentaprism import Catalog
    >>> catalog = Catalog.load()
    >>> [one.title for one in snippets(Bench(catalog, catalog.model("flux-dev")), Mode.IMAGE_EDIT)]
    ['curl', 'Python', 'JavaScript']
    """
    model, prompt = bench.model.id, str(bench.body(mode, {})["prompt"])
    write = (_generate_curl, _generate_python, _generate_javascript)
    if mode is Mode.IMAGE_EDIT:
        write = (_edit_curl, _edit_python, _edit_javascript)
    named = (("curl", "bash"), ("Python", "python"), ("JavaScript", "javascript"))
    return tuple(
        Snippet(title=title, language=language, code=one(model, prompt))
        for one, (title, language) in zip(write, named, strict=True)
    )


def _quoted(text: str) -> str:
    """A string literal of Python and of JavaScript."""
    return json.dumps(text)


def _generate_curl(model: str, prompt: str) -> str:
    body = json.dumps({"model": model, "prompt": prompt, "size": "1024x1024"}, indent=2)
    return f'curl {BASE_URL}/images/generations \\\n  -H "Content-Type: application/json" \\\n  -d {shlex.quote(body)}'


def _generate_python(model: str, prompt: str) -> str:
    return f"""from openai import OpenAI

client = OpenAI(base_url={_quoted(BASE_URL)}, api_key="not-needed-here")

result = client.images.generate(
    model={_quoted(model)},
    prompt={_quoted(prompt)},
    size="1024x1024",
)
print(result.data[0].url)"""


def _generate_javascript(model: str, prompt: str) -> str:
    return f"""import OpenAI from "openai";

const client = new OpenAI({{ baseURL: {_quoted(BASE_URL)}, apiKey: "not-needed-here" }});

const result = await client.images.generate({{
  model: {_quoted(model)},
  prompt: {_quoted(prompt)},
  size: "1024x1024",
}});
console.log(result.data[0].url);"""


def _edit_curl(model: str, prompt: str) -> str:
    return (
        f"curl {BASE_URL}/images/edits \\\n"
        f"  -F model={shlex.quote(model)} \\\n"
        f"  -F prompt={shlex.quote(prompt)} \\\n"
        "  -F image=@harbour.jpg"
    )


def _edit_python(model: str, prompt: str) -> str:
    return f"""from openai import OpenAI

client = OpenAI(base_url={_quoted(BASE_URL)}, api_key="not-needed-here")

with open("harbour.jpg", "rb") as picture:
    result = client.images.edit(
        model={_quoted(model)},
        prompt={_quoted(prompt)},
        image=picture,
    )
print(result.data[0].url)"""


def _edit_javascript(model: str, prompt: str) -> str:
    return f"""import fs from "node:fs";
import OpenAI, {{ toFile }} from "openai";

const client = new OpenAI({{ baseURL: {_quoted(BASE_URL)}, apiKey: "not-needed-here" }});

const result = await client.images.edit({{
  model: {_quoted(model)},
  prompt: {_quoted(prompt)},
  image: await toFile(fs.createReadStream("harbour.jpg"), "harbour.jpg", {{ type: "image/jpeg" }}),
}});
console.log(result.data[0].url);"""
