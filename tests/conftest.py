"""Fixtures every test may use, and the hypothesis profiles.

`PENTAPRISM_THOROUGH=1` runs the laws on many more examples than every run can afford.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, settings

from pentaprism import Catalog
from pentaprism.client import ProviderSettings
from pentaprism.twins import Twins
from twin_clients import keyed, settings_of

_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile("fast", max_examples=60, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("thorough", max_examples=2_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("thorough" if os.environ.get("PENTAPRISM_THOROUGH") else "fast")


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The catalog of this checkout."""
    return Catalog.load()


@pytest.fixture
def twins(catalog: Catalog) -> Iterator[Twins]:
    """Fresh offline providers: empty logs, empty bills."""
    with Twins(catalog) as running:
        yield running


@pytest.fixture
def twin_settings(twins: Twins) -> dict[str, ProviderSettings]:
    """Client settings that point every provider at its twin."""
    return settings_of(twins)


@pytest.fixture
def fal(twins: Twins) -> Iterator[httpx.Client]:
    """A plain HTTP client of fal's twin, with a key."""
    with keyed(twins, "fal") as client:
        yield client
