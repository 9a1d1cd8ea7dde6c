"""A multipart body taken apart into its parts, within limits. Row 7.

It must not know which names are images or numbers: `fields` does. Nothing is written to disk, the body being bounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from ..errors import Fault, RequestError

__all__ = ["MAX_FIELDS", "MAX_FILES", "MAX_TEXT", "FormPart", "read_parts"]

MAX_FILES = 16
"""Most files of one body; the vocabulary takes as many images."""

MAX_FIELDS = 64
"""Most other fields of one body; well above what the vocabulary has."""

MAX_TEXT = 1_000_000
"""The longest field that is no file, in bytes. An image belongs in a file."""


@dataclass(slots=True)
class FormPart:
    """One part: a file where `filename` is set, else a field."""

    name: str
    filename: str | None
    content: bytearray = field(default_factory=bytearray)


class _Reader:
    """Collects parts from the parser's callbacks."""

    def __init__(self) -> None:
        self.parts: list[FormPart] = []
        self.ended = False
        self._header = (bytearray(), bytearray())
        self._disposition = b""
        self._files = 0

    def begin(self) -> None:
        self._disposition = b""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def header_end(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = (bytearray(), bytearray())

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if not name:
            raise _bad("has a part without a name")
        filename = options.get(b"filename")
        self.parts.append(FormPart(name, None if filename is None else filename.decode("utf-8", "replace")))
        self._files += filename is not None
        if self._files > MAX_FILES:
            raise _bad(f"has more than {MAX_FILES} files")
        if len(self.parts) - self._files > MAX_FIELDS:
            raise _bad(f"has more than {MAX_FIELDS} fields")

    def data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        part.content += data[start:end]
        if part.filename is None and len(part.content) > MAX_TEXT:
            raise _bad(f"has a field of more than {MAX_TEXT:,} bytes ({part.name}); send an image as a file")

    def end(self) -> None:
        self.ended = True


def read_parts(content: bytes, content_type: str) -> list[FormPart]:
    """The parts of a body, in order. Raises RequestError where it is malformed, cut off or over a limit.

    >>> body = b'--x\\r\\nContent-Disposition: form-data; name="n"\\r\\n\\r\\n2\\r\\n--x--\\r\\n'
    >>> [(part.name, bytes(part.content)) for part in read_parts(body, "multipart/form-data; boundary=x")]
    [('n', b'2')]
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise _bad("has no boundary in its Content-Type; let your HTTP library set that header")
    reader = _Reader()
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": reader.begin,
                "on_header_field": reader.header_field,
                "on_header_value": reader.header_value,
                "on_header_end": reader.header_end,
                "on_headers_finished": reader.headers_finished,
                "on_part_data": reader.data,
                "on_end": reader.end,
            },
        )
        parser.write(content)
    except FormParserError:
        raise _bad("is malformed") from None
    if not reader.ended:
        # The parser itself takes a body that was cut off, and leaves its last part out.
        raise _bad("ends before its closing boundary")
    return reader.parts


def _bad(what: str) -> RequestError:
    return RequestError([Fault(None, f"The multipart body {what}.")])
