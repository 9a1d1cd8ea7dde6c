"""The pictures behind signed links: a folder of files with names nobody can guess, for an hour each. Row 7.

It must not know requests: whoever has a link has the picture. Every method but `link` and `verify` touches the disk and
so belongs in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import PentaprismError
from ..media import FORMATS
from .envelope import GatewayError

__all__ = ["MediaFolder"]

_NAME = re.compile(r"[A-Za-z0-9_-]{32}\.(" + "|".join(FORMATS) + ")")
# A folder of thousands is read in milliseconds; once a minute keeps what has expired from piling up.
SWEEP_SECONDS = 60.0


class MediaFolder:
    """Saves, signs, verifies, reads and, once they have expired, deletes. `clock` gives Unix seconds.

    Raises PentaprismError where the folder cannot be made.

    >>> import tempfile
    >>> folder = MediaFolder(Path(tempfile.mkdtemp()), secret=b"secret", lifetime=3600, clock=lambda: 1_000.0)
    >>> name = folder.save(b"GIF89a", "gif")
    >>> folder.link("http://127.0.0.1:8080", name).startswith(f"http://127.0.0.1:8080/media/{name}?expires=4600&")
    True
    """

    def __init__(
        self, path: Path, *, secret: bytes | None, lifetime: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._secret = secret or secrets.token_bytes(32)
        self.lifetime = lifetime
        self._clock = clock
        self._swept = 0.0
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise PentaprismError(f"{path} cannot be used for pictures: {error.strerror}.") from error

    def check(self) -> None:
        """Raise PentaprismError where no picture could be kept."""
        if not os.access(self._path, os.W_OK | os.X_OK):
            raise PentaprismError("The folder for pictures cannot be written to.")

    def save(self, content: bytes, format: str) -> str:
        """Keep a picture; gives the file's name. Raises OSError where it cannot be written."""
        self._sweep()
        name = f"{secrets.token_urlsafe(24)}.{format}"
        # Exclusive, and unreadable to other users of the machine.
        with os.fdopen(os.open(self._path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        return name

    def read(self, name: str) -> bytes | None:
        """The picture, or None where it is gone; `name` is one that `verify` let pass."""
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None

    def expires(self, name: str) -> int | None:
        """When a picture's hour is over, in Unix seconds; None where it is gone."""
        try:
            expires = int((self._path / name).stat().st_mtime) + self.lifetime
        except FileNotFoundError:
            return None
        return expires if expires > self._clock() else None

    def link(self, base: str, name: str, expires: int | None = None) -> str:
        """The link to a picture; `expires` None is a lifetime from now."""
        until = int(self._clock()) + self.lifetime if expires is None else expires
        return f"{base}/media/{name}?expires={until}&signature={self._sign(name, until)}"

    def verify(self, name: str, expires: str, signature: str) -> int:
        """The seconds a link is still good for.

        Raises GatewayError: there can be no such file, the signature is not ours, or the link has expired.
        """
        if not _NAME.fullmatch(name):
            raise GatewayError("NOT_FOUND", "There is no picture of this name.")
        until = int(expires) if re.fullmatch(r"\d{1,12}", expires) else 0
        if not hmac.compare_digest(self._sign(name, until).encode(), signature.encode()):
            raise GatewayError("FORBIDDEN", "This link was not signed here; use the whole link, as it was given.")
        left = until - int(self._clock())
        if left <= 0:
            raise GatewayError("FORBIDDEN", f"This link has expired; links are good for {self.lifetime // 60} minutes.")
        return left

    def _sign(self, name: str, expires: int) -> str:
        return hmac.new(self._secret, f"{name}\n{expires}".encode(), hashlib.sha256).hexdigest()

    def _sweep(self) -> None:
        """Delete what has expired; of the files in the folder only those that were made here."""
        now = self._clock()
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now
        with os.scandir(self._path) as entries:
            for entry in entries:
                # Another thread may be sweeping too.
                with suppress(FileNotFoundError):
                    if _NAME.fullmatch(entry.name) and entry.stat().st_mtime + self.lifetime < now:
                        os.unlink(entry.path)
