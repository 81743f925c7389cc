import pytest

from streams.mapping.expressions import Expression, FailedError


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a ||", "Incomplete expression"),
        ("a[", "is no JMESPath expression"),
        ("nope(@)", r"no function nope\(\)"),
        ("a && nope(@)", r"no function nope\(\)"),  # which an empty event would never come to
        ("html()", r"html\(\) has 1 arguments, not 0"),
        ("join(@)", r"join\(\) has 2 arguments, not 1"),
    ],
)
def test_what_is_no_expression_is_found_before_any_event(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Expression(text)


@pytest.mark.parametrize("text", ["not_null(a, b, c)", "a[?b == 'c'] | [0]", "map(&html(@), a)"])
def test_all_of_jmespath_may_be_used(text: str) -> None:
    Expression(text)


def test_our_two_functions() -> None:
    event = {"body": "<p>a</p><p>b</p>", "at": 1795168800.5}
    assert Expression("html(body)").find(event) == "a\nb"
    assert Expression("seconds(at)").find(event) == 1_795_168_800_500
    assert Expression("html(nothing) || seconds(nothing) || 'else'").find(event) == "else"


def test_a_failure_names_the_expression_and_nothing_of_the_event() -> None:
    with pytest.raises(FailedError) as failed:
        Expression("html(a)").find({"a": ["secret"]})
    assert "`html(a)` fails" in str(failed.value)
    assert "secret" not in str(failed.value)
