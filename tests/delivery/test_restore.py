"""Reading back what was committed: Python's collector meanwhile. With Kafka: tests/integration."""

import gc
from collections.abc import Iterator

import pytest

from streams.delivery.restore import many_objects


class Cycle:
    """Freed by the collector only."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def alive() -> int:
    return sum(isinstance(found, Cycle) for found in gc.get_objects())


def test_the_collector_rests_meanwhile_and_never_looks_at_what_was_read() -> None:
    frozen = gc.get_freeze_count()
    with many_objects(again=False):
        assert not gc.isenabled()
        rows = [[number] for number in range(1_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(rows)


def test_a_first_assignment_does_not_wait_for_a_look_at_all_that_was_loaded() -> None:
    gc.disable()
    Cycle()
    with many_objects(again=False):
        assert alive() == 1
    gc.unfreeze()
    gc.collect()


def test_what_an_earlier_assignment_read_is_let_go() -> None:
    with many_objects(again=False):
        Cycle()
    with many_objects(again=True):
        assert alive() == 0


def test_the_collector_works_again_after_a_failure() -> None:
    with pytest.raises(OSError, match="Kafka is away"), many_objects(again=False):
        raise OSError("Kafka is away")
    assert gc.isenabled()
