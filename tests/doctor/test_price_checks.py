from datetime import date

from streams.claude.prices import PriceList, price_list
from streams.doctor.price_checks import READ, check_prices
from streams.settings import Settings
from tests.doctor.scene import only
from tests.house.files import text

TODAY = date(2026, 11, 21)


def test_priced_models_are_one_line() -> None:
    finding = only(check_prices(Settings(), price_list(), TODAY))
    assert finding.level == "ok"
    assert "claude-haiku-5-5 and claude-sonnet-5-5 are priced" in finding.message


def test_a_model_without_a_price_is_wrong_in_either_tier() -> None:
    found = check_prices(Settings(model="claude-9"), price_list(), TODAY)
    assert found[0].level == "wrong"
    assert found[0].message.startswith("TICKET_STREAMS_MODEL: claude-9 has no price")
    found = check_prices(Settings(escalation_model="claude-9"), price_list(), TODAY)
    assert found[0].message.startswith("TICKET_STREAMS_ESCALATION_MODEL: claude-9")
    assert only(check_prices(Settings(escalation_model="none"), price_list(), TODAY)).level == "ok"


def test_an_old_list_is_told() -> None:
    finding = only(check_prices(Settings(), price_list(), date(2027, 8, 1)))
    assert finding.level == "warn"
    assert "November 2026" in finding.message


def test_the_lists_own_date_is_the_one_told() -> None:
    assert f"read in {READ:%B %Y}" in text("streams/claude/prices.toml")


def test_a_list_of_ones_own_is_asked_too() -> None:
    empty = PriceList([])
    assert {f.level for f in check_prices(Settings(), empty, TODAY)} == {"wrong"}
