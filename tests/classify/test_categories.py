from streams.classify.categories import DEFAULT, Category, names


def test_unknown_always_exists_besides_the_categories() -> None:
    assert names(DEFAULT) == ("billing", "technical", "product_feedback", "account", "unknown")
    assert names([]) == ("unknown",)


def test_names_stand_once() -> None:
    assert names([Category("unknown", ""), Category("a", ""), Category("a", "")]) == (
        "unknown",
        "a",
    )


def test_every_description_is_one_line() -> None:
    assert all(c.description and "\n" not in c.description for c in DEFAULT)
