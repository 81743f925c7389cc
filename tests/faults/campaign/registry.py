"""All faults by name."""

from importlib import import_module

from tests.faults.campaign.fault import REGISTRY, Fault

MODULES = ("workers", "broker", "api", "machinery")
"""Modules of this package with faults."""


def faults() -> dict[str, Fault]:
    """Every registered fault, in the order of ``MODULES``."""
    for name in MODULES:
        import_module(f"tests.faults.campaign.{name}")
    return dict(REGISTRY)
