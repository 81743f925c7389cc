"""Fixtures and settings of the whole test suite."""

import os
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from streams.local.standin import StandIn
from tests.kafka_fixture import shared_broker

# No deadlines: a busy machine is not a failure. CI tries the same examples each time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Bootstrap servers of one broker, shared by the whole run: never stop or freeze it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # a worker's folder is in the run's, as it is its child
        return shared_broker(base.parent, os.getppid())
    return shared_broker(base, os.getpid())


@pytest.fixture
def namespace() -> str:
    """A short name that no other test has, for topics and app ids on the shared broker."""
    return f"t{uuid.uuid4().hex[:10]}"


@pytest.fixture(scope="session")
def started() -> Iterator[StandIn]:
    """One stand-in for all; take ``api``."""
    with StandIn() as standin:
        yield standin


@pytest.fixture
def api(started: StandIn) -> StandIn:
    """A stand-in without faults, and with an empty account."""
    started.no_faults()
    started.reset()
    return started
