"""The independent validator: jsonschema, with a plain error where it is not installed. Row 7; it must not judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import MissingDependency

__all__ = ["build_validator"]


def build_validator(schema: Mapping[str, Any]) -> Any:
    """jsonschema's validator of a schema.

    Raises:
        MissingDependency: jsonschema is not installed.

    >>> build_validator({"type": "integer", "minimum": 1}).is_valid(0)
    False
    """
    try:
        import jsonschema
    except ModuleNotFoundError as error:
        raise MissingDependency("The proof", "lint") from error
    return jsonschema.Draft202012Validator(dict(schema))
