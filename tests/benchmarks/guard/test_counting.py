import asyncio

import pytest

from benchmarks.guard.counting import Count, Counting


def inner(n: int) -> int:
    return sum(range(n))


def outer(n: int) -> int:
    return inner(n) + len("of outer itself")


async def waiting(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


def count_outer(parts: list[str]) -> dict[str, Count]:
    functions = {"outer": outer, "inner": inner}
    with Counting({name: [functions[name]] for name in parts}) as counting:
        outer(3)
    return counting.found


def test_the_same_steps_are_the_same_number() -> None:
    assert count_outer(["outer"]) == count_outer(["outer"])
    assert count_outer(["outer"])["outer"].instructions > 10


def test_a_part_has_all_that_it_calls_up_to_the_next_part() -> None:
    whole, apart = count_outer(["outer"])["outer"], count_outer(["outer", "inner"])
    assert apart["inner"].native_calls == 1
    assert apart["outer"].native_calls == 1
    assert apart["outer"].instructions + apart["inner"].instructions == whole.instructions
    assert apart["inner"].instructions > 0


def test_what_belongs_to_no_part_is_not_counted() -> None:
    with Counting({"inner": [inner]}) as counting:
        asyncio.new_event_loop().close()
    assert counting.found == {"inner": Count()}


@pytest.mark.parametrize("turns", [1, 5])
def test_a_coroutine_goes_on_as_the_same_part(turns: int) -> None:
    async def main() -> Count:
        with Counting({"waiting": [waiting]}) as counting:
            await asyncio.create_task(waiting(turns))
        return counting.found["waiting"]

    async def of_turns(n: int) -> int:
        with Counting({"waiting": [waiting]}) as counting:
            await asyncio.create_task(waiting(n))
        return counting.found["waiting"].instructions

    one, two = asyncio.run(of_turns(1)), asyncio.run(of_turns(2))
    assert asyncio.run(main()).instructions == one + (turns - 1) * (two - one)
