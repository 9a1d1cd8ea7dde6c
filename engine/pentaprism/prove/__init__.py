"""Prove that every body the compiler can produce for an endpoint validates against that endpoint's contract.

Row 7. `cases` builds requests that reach every parameter, value, form and tier of an endpoint · `coverage` what the
bodies reached · `proof` compiles them and asks jsonschema, an independent validator. It must not use the engine's own
contract checks to judge.
"""

from .proof import EndpointProof, prove

__all__ = ["EndpointProof", "prove"]
