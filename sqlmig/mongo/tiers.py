"""Which fixtures go where, and who hears how their load goes on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Protocol

from sqlmig.model import Environment


class Tier(Enum):
    """Which databases a seed is for: each tier is a folder of that name."""

    REFERENCE = "reference"
    DEMO = "demo"
    TESTING = "testing"


TIERS: Mapping[Environment, tuple[Tier, ...]] = MappingProxyType(
    {
        Environment.DEVELOPMENT: (Tier.REFERENCE, Tier.DEMO),
        Environment.TESTING: (Tier.REFERENCE, Tier.TESTING),
        Environment.PRODUCTION: (Tier.REFERENCE,),
    }
)


class SeedObserver(Protocol):
    """Who is told how a long load goes on."""

    def loaded(self, path: str, done: int, total: int) -> None:
        """So many of the file's documents are dealt with."""


class SilentSeedObserver:
    """An observer that does nothing."""

    def loaded(self, path: str, done: int, total: int) -> None:
        """Do nothing."""
