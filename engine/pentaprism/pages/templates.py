"""The Jinja environments: one for pages, where every printed value is inert HTML, and one for plain text.

Row 7; with `escape` the only part that knows jinja2. Templates hold the site's own words and markup, nothing of a
catalog. It must not decide what is printed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from . import escape
from .bench import MODE_NAMES
from .places import site_folder

__all__ = ["page", "text"]

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


@cache
def _loader() -> jinja2.FileSystemLoader:
    return jinja2.FileSystemLoader(site_folder() / "templates")


@cache
def _pages() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=_loader(),
        autoescape=True,
        finalize=escape.inert,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        front=escape.front_matter,
        md=escape.in_markdown,
        prose=escape.as_prose,
        prose_md=escape.prose_in_markdown,
    )
    environment.globals.update(fence=escape.fence, link=escape.link, mode_names=MODE_NAMES)
    return environment


@cache
def _texts() -> jinja2.Environment:
    return jinja2.Environment(
        loader=_loader(),
        autoescape=True,
        finalize=_backslashed,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _backslashed(value: Any) -> Markup:
    """A value as text in a Markdown file that is read as it stands."""
    return Markup(_SPECIAL.sub(r"\\\1", escape.as_plain(value)))


def page(name: str, **context: Any) -> bytes:
    """A page of the site from a template."""
    return _pages().get_template(name).render(context).encode()


def text(name: str, **context: Any) -> bytes:
    """A plain-text file from a template."""
    return _texts().get_template(name).render(context).encode()
