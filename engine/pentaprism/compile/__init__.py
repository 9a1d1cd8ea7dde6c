"""From a request to what one endpoint receives. Row 3; pure: no file, no clock, no network.

`request` parse and freeze the caller's body · `plan` one endpoint's rules made ready once · `checks` contract schemas
as functions · `converters` one value to its wire form and back · `forms` the three size parameters · `output` format,
compression, delivery · `counts` n and seed over several calls · `natives` a provider's own fields and unknown names ·
`compiler` all of it, in order. It must not know how endpoints are ranked or called.
"""

from .compiler import Compiler
from .request import parse_request

__all__ = ["Compiler", "parse_request"]
