"""Text of a catalog as text: whatever it says, it stays inert in HTML, Markdown, YAML and code blocks.

Row 7. Templates hold the markup, data holds none; the one exception is `prose`, which knows `code` and **strong** and
nothing else. It must not know what a page shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape as escape_html
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup, escape

__all__ = [
    "as_plain",
    "as_prose",
    "fence",
    "front_matter",
    "in_markdown",
    "inert",
    "link",
    "prose_in_markdown",
]

_MARKS = re.compile(r"(\*\*[^*]+\*\*|`[^`]+`)")
_ODD_LINE_ENDS = re.compile("[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# An underscore inside a word is no emphasis; everything else that is not plainly text becomes a character reference.
_MARKDOWN = re.compile(r"(?<![^\W_])_|_(?![^\W_])|[^\w\s.,:/=+()%' -]")
_LINE_STARTS = re.compile(r"^ *([-+](?= )|[=:]|\d+[.)](?= ))")


def as_plain(value: Any) -> str:
    """One line of printable text: every run of white space is one space, control characters are gone.

    A space at either end stays: templates print parts of sentences.

    >>> as_plain("two\\n lines\\x00")
    'two lines'
    """
    text = str(value)
    if text.isprintable() and "  " not in text:
        # Nearly every text; a character outside ASCII that is white space is not printable.
        return text
    return "".join(char for char in re.sub(r"\s+", " ", text) if char.isprintable())


def inert(value: Any) -> Markup:
    """A value as text in HTML; what already is markup stays. This is what `{{ value }}` does in a template.

    Raises:
        ValueError: there is no value, so a template would print nothing or "None".

    >>> print(inert("<b>`x`"))
    &lt;b&gt;&#96;x&#96;
    """
    if isinstance(value, Markup):
        return value
    if value is None:
        raise ValueError("a template prints a value that is not there; test for it first")
    return Markup(_in_html(as_plain(value)))


def in_markdown(value: Any) -> Markup:
    """A value as text inside a line of Markdown: every sign that could mean something is a character reference.

    >>> print(in_markdown("num_images *y* [z](x)"))
    num_images &#42;y&#42; &#91;z&#93;(x)
    """
    return Markup(_in_markdown(as_plain(value)))


def as_prose(value: Any) -> Markup:
    """A sentence for HTML with `code` and **strong** in it, and no other markup.

    >>> print(as_prose("**No** `n` <i>"))
    <strong>No</strong> <code>n</code> &lt;i&gt;
    """
    return _marked(value, _in_html)


def prose_in_markdown(value: Any) -> Markup:
    """The same sentence inside a line of Markdown."""
    return _marked(value, _in_markdown)


def _marked(value: Any, write: Callable[[str], str]) -> Markup:
    parts = []
    for part in _MARKS.split(as_plain(value)):
        if part.startswith("`") and _MARKS.fullmatch(part):
            parts.append(f"<code>{write(part[1:-1])}</code>")
        elif _MARKS.fullmatch(part):
            parts.append(f"<strong>{write(part[2:-2])}</strong>")
        else:
            parts.append(write(part))
    return Markup("".join(parts))


def _in_html(text: str) -> str:
    text = str(escape(text)).replace("`", "&#96;").replace("~", "&#126;")
    return re.sub(r"\{(?=[{%#])", "&#123;", text)


def _in_markdown(text: str) -> str:
    text = _MARKDOWN.sub(lambda match: f"&#{ord(match[0])};", text)
    return _LINE_STARTS.sub(lambda match: "".join(f"&#{ord(char)};" for char in match[0]), text)


def link(url: Any, text: Any) -> Markup:
    """A link where the URL is http or https, and else the text alone.

    >>> print(link("javascript:alert(1)", "home"))
    home
    """
    try:
        safe = urlsplit(str(url)).scheme in ("http", "https")
    except ValueError:
        safe = False
    return Markup('<a href="{}" rel="noopener">{}</a>').format(inert(url), inert(text)) if safe else inert(text)


def front_matter(value: Any) -> Markup:
    """A value in a page's YAML header, where themes print it into HTML as it stands: a quoted string, escaped.

    >>> print(front_matter('<"x">'))
    "&lt;&quot;x&quot;&gt;"
    """
    return Markup(json.dumps(escape_html(as_plain(value)), ensure_ascii=False))


def fence(code: str, language: str, indent: int = 0) -> Markup:
    """A fenced code block whose fence is longer than any in the code; `indent` spaces before each line.

    >>> print(fence("x = 1", "python"))
    ```python
    x = 1
    ```
    """
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    marks = "`" * max(3, longest + 1)
    lines = [f"{marks}{language}", *_ODD_LINE_ENDS.sub(" ", code).split("\n"), marks]
    return Markup("\n".join(" " * indent + line if line else "" for line in lines))
