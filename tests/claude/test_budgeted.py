"""What a budget does to calls."""

from streams.classify.triage import CallTier
from streams.claude.budget_guard import LATER
from streams.claude.budgeted import BudgetedGates, BudgetedPace
from streams.claude.gate import Gate
from streams.claude.pace import Unpaced
from tests.claude.budget_scene import LIMIT, Scene


def test_a_pace_reserves_what_a_call_can_cost_and_gives_the_same_back() -> None:
    scene = Scene()
    pace = BudgetedPace(Unpaced(), scene.guard)
    pace.begin("first", 10, 500)
    pace.begin("escalation", 9, 300)
    assert scene.free(LIMIT - 100)
    assert not scene.free(LIMIT - 99)
    pace.end("escalation", 9, 300, None)
    pace.end("first", 10, 500, None)
    assert scene.free(LIMIT)
    assert pace.group("first", 7) == 7


class Slow(Unpaced):
    def wait(self, tier: CallTier) -> float:
        return 7.0


def test_the_api_s_own_pace_still_holds() -> None:
    scene = Scene()
    pace = BudgetedPace(Slow(), scene.guard)
    assert pace.wait("first") == 7
    scene.see(LIMIT)
    assert pace.wait("first") == LATER


def test_gates_say_what_the_budget_says_unless_they_are_stopped_themselves() -> None:
    gate = Gate()
    gates = BudgetedGates([gate], lambda: "no money")
    assert gates.blocked == "no money"
    gate.stop("the model is retired")
    assert gates.blocked == "the model is retired"
    assert BudgetedGates([Gate()], lambda: None).blocked is None
