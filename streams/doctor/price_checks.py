"""Whether what is bought can be priced, and how old the prices are. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

from streams.claude.prices import NoPrice, PriceList
from streams.claude.tiers import SETTING, models
from streams.doctor.finding import Finding
from streams.settings import Settings, variable

READ = date(2026, 11, 1)
"""When streams/claude/prices.toml was compared with Anthropic's list; a test reads it there."""
OLD = timedelta(days=180)


def check_prices(settings: Settings, prices: PriceList, today: date) -> list[Finding]:
    """Both models must have a price today, and the list should not be old."""
    return list(_found(settings, prices, today))


def _found(settings: Settings, prices: PriceList, today: date) -> Iterator[Finding]:
    priced = []
    for tier, model in models(settings).items():
        try:
            prices.price(model, today)
            priced.append(model)
        except NoPrice:
            what = f"{variable(SETTING[tier])}: {model} has no price today, so no worker starts"
            yield Finding("prices", "wrong", what, f"add one with {variable('prices_file')}")
    if today - READ > OLD and settings.prices_file is None:
        what = f"the price list is of {READ:%B %Y}"
        tip = f"compare it with Anthropic's, or upgrade; {variable('prices_file')} corrects it"
        yield Finding("prices", "warn", what, tip)
    elif priced:
        said = f"{' and '.join(dict.fromkeys(priced))} are priced by a list of {READ:%B %Y}"
        yield Finding(
            "prices", "ok", said.replace(" are ", " is ") if len(set(priced)) == 1 else said
        )
