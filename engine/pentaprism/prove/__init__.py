"""Prove that every body the compiler can produce for an endpoint validates against that endpoint's contract.

Row 7. `cases` builds requests that reach every parameter, value, form and tier of an endpoint, out of `asks` for sizes
and `samples` of schemas · `goals` what a contract lets a body hold · `coverage` what the bodies reached · `proof`
compiles them and asks jsonschema, the `validator` that is not ours. It must not use the engine's own contract checks to
judge.
"""

from .proof import EndpointProof, provable, prove

__all__ = ["EndpointProof", "provable", "prove"]
