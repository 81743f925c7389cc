from io import StringIO

from rich.console import Console

from streams.evaluate.summary import Evaluation
from streams.evaluate.terminal import show
from tests.evaluate.evaluations import evaluation, summary


def shown(what: Evaluation) -> str:
    out = StringIO()
    show(what, Console(width=120, file=out))
    return out.getvalue()


def test_all_figures_are_there() -> None:
    text = shown(evaluation())
    assert "4 of 4 labelled tickets" in text
    for part in ("75.0%", "macro-F1", "product_feedback", "escalation", "Threshold now 0.65"):
        assert part in text


def test_names_are_no_markup() -> None:
    text = shown(evaluation(summary("[/red]"), summary("[bold]x")))
    assert "[/red]" in text
    assert "[bold]x" in text


def test_two_runs_are_compared_and_one_is_not() -> None:
    assert "no difference in accuracy" in shown(evaluation(summary(), summary("other")))
    assert "no difference" not in shown(evaluation())


def test_it_says_that_the_stand_in_answered() -> None:
    assert "says nothing about Claude" in " ".join(shown(evaluation(simulated=True)).split())
