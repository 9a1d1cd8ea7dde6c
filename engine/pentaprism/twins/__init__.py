"""Offline providers that speak their protocols, check bodies, draw pictures and keep a bill of their own. Row 7.

`with Twins(catalog) as twins:` serves them on the loopback; `twins.bases` says where. An official SDK pointed there
works unchanged. Nothing here is used to serve a real request.

`server` ports and threads · `bfl`, `fal`, `openai_images`, `replicate` the protocols · `twin` what they share,
`validation` FastAPI's errors, `openai_errors` OpenAI's · `studio` which pictures a body asks for, `tokens` what they
count as · `picture` draws them · `journal` log and bill, `faults` what they
are told to do wrong · `openapi`, `schema_routes` the schemas they publish.
"""

from __future__ import annotations

from ..errors import MissingDependency

try:
    from .faults import FAULTS
    from .server import PROTOCOLS, Schedule, Twins
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "PIL", "python_multipart"):
        raise
    raise MissingDependency("The twins", "gateway") from error

__all__ = ["FAULTS", "PROTOCOLS", "Schedule", "Twins"]
