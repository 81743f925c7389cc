"""FOCUS: the specification's rules for our columns, and that its sums are the books."""

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.days import Days
from streams.audit.export import in_dollars
from streams.audit.focus import COLUMNS, FocusSpend
from streams.claude.prices import Usage, price_list
from streams.events.model import CallRecord
from tests.audit.calls import call, drawn, timed_out

COSTS = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")
# Of version 1.2: those that every dataset has, and of them those that may be null.
MANDATORY = {
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd",
    "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory",
    "ServiceName",
}  # fmt: skip
MAY_BE_NULL = {"BillingAccountName", "ChargeClass"}


def rows_of(*calls: CallRecord, days: Days | None = None) -> list[dict[str, Any]]:
    spend = FocusSpend(days or Days(), price_list())
    for one in calls:
        spend.add(one)
    sheet = spend.sheet("my-app", "org-1")
    return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]


@given(st.lists(drawn, max_size=10))
def test_billed_cost_sums_to_the_books_exactly(calls: list[CallRecord]) -> None:
    rows = rows_of(*calls, timed_out())
    books = sum(one.cost_picodollars for one in calls)
    for column in COSTS:
        assert sum((row[column] for row in rows), Decimal(0)) == in_dollars(books)


@given(st.lists(drawn, max_size=10))
def test_no_token_is_lost(calls: list[CallRecord]) -> None:
    rows = rows_of(*calls)
    tokens = sum(
        one.input_tokens
        + one.output_tokens
        + one.cache_write_5m_tokens
        + one.cache_write_1h_tokens
        + one.cache_read_tokens
        for one in calls
    )
    assert sum(row["ConsumedQuantity"] for row in rows) == tokens


@given(st.lists(drawn, max_size=10))
def test_unit_price_times_quantity_is_the_cost(calls: list[CallRecord]) -> None:
    for row in rows_of(*calls):
        assert (row["ListUnitPrice"] is None) == (row["SkuPriceId"] is None)
        if row["ListUnitPrice"] is not None:
            assert row["ListUnitPrice"] * row["PricingQuantity"] == row["ListCost"]
            assert row["ContractedUnitPrice"] * row["PricingQuantity"] == row["ContractedCost"]


def test_a_row_for_each_kind_of_token() -> None:
    rows = rows_of(call(Usage(100, 40, 10, 20, 30)), call(Usage(1)))
    assert {(row["SkuId"], row["PricingQuantity"], row["BilledCost"]) for row in rows} == {
        ("claude-haiku-5-5/input_tokens", 101, Decimal("0.0000101")),
        ("claude-haiku-5-5/output_tokens", 40, Decimal("0.00002")),
        ("claude-haiku-5-5/cache_write_5m", 10, Decimal("0.00000125")),
        ("claude-haiku-5-5/cache_write_1h", 20, Decimal("0.000004")),
        ("claude-haiku-5-5/cache_read", 30, Decimal("0.0000003")),
    }


def test_another_price_is_another_row() -> None:
    """A long prompt's, and that of inference in the US."""
    rows = rows_of(call(Usage(100_000)), call(Usage(100_001)), call(Usage(1, inference_geo="us")))
    assert [(row["PricingQuantity"], row["ListUnitPrice"]) for row in rows] == [
        (100_000, Decimal("0.0000001")),
        (1, Decimal("0.00000011")),
        (100_001, Decimal("0.0000005")),
    ]


@pytest.mark.parametrize("odd", [call(Usage(10, 5), extra=1), call(Usage(10), model="x", extra=7)])
def test_what_the_list_cannot_explain_has_no_unit_price_but_its_cost(odd: CallRecord) -> None:
    rows = rows_of(odd)
    assert {row["ListUnitPrice"] for row in rows} == {None}
    assert sum(row["BilledCost"] for row in rows) == in_dollars(odd.cost_picodollars)


@given(st.lists(drawn, min_size=1, max_size=5))
def test_the_mandatory_columns_are_there_and_filled(calls: list[CallRecord]) -> None:
    assert set(COLUMNS) >= MANDATORY
    assert list(COLUMNS) == sorted(COLUMNS)
    for row in rows_of(*calls):
        assert {column for column in MANDATORY if row[column] is None} <= MAY_BE_NULL


def test_constant_columns_have_values_that_the_specification_allows() -> None:
    (row,) = rows_of(call(Usage(1)))
    assert row["ChargeCategory"] == "Usage"
    assert row["ChargeFrequency"] == "Usage-Based"
    assert row["PricingCategory"] == "Standard"
    assert row["ServiceCategory"] == "AI and Machine Learning"
    assert row["ServiceSubcategory"] == "Generative AI"
    assert re.fullmatch("[A-Z]{3}", row["BillingCurrency"])
    assert json.loads(row["Tags"]) == {"app_id": "my-app"}
    assert (row["ResourceId"], row["BillingAccountId"]) == ("my-app", "org-1")


def test_periods_are_instants_in_utc_the_day_within_its_month() -> None:
    (row,) = rows_of(call(Usage(1)), days=Days(ZoneInfo("Europe/Berlin")))
    assert row["ChargePeriodStart"] == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert row["ChargePeriodEnd"] == datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert row["BillingPeriodStart"] == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert row["BillingPeriodEnd"] == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_days_that_are_not_asked_for_are_left_out() -> None:
    assert not rows_of(call(Usage(1)), days=Days(last=date(2026, 11, 20)))
