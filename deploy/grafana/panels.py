"""Pure: what the Grafana dashboard shows, row by row. ``dashboard.py`` makes the file of it.

Queries are about the workers of one job, ``$job``. Each is run against a real Prometheus in
tests/observe/test_grafana.py, and has to find data.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["stat", "timeseries"]


class Panel(NamedTuple):
    """One panel; ``width`` is in 24ths of the page."""

    title: str
    help: str
    queries: Mapping[str, str]
    """The query by its legend."""
    unit: str = "short"
    """A unit's id in Grafana."""
    kind: Kind = "timeseries"
    width: int = 8
    alarm: float | None = None
    """From this value on it is shown red."""
    stacked: bool = False


class Row(NamedTuple):
    """A headed row of panels."""

    title: str
    panels: tuple[Panel, ...]


def _mine(metric: str, **labels: str) -> str:
    """``ticket_streams_<metric>`` of the chosen job."""
    named = "".join(f',{name}="{value}"' for name, value in labels.items())
    return f'ticket_streams_{metric}{{job="$job"{named}}}'


def _rate(metric: str, by: str, **labels: str) -> str:
    return f"sum by ({by}) (rate({_mine(metric, **labels)}[$__rate_interval]))"


def _quantiles(metric: str, *by: str) -> dict[str, str]:
    legend = " ".join(f"{{{{{name}}}}}" for name in by)
    buckets = _rate(f"{metric}_seconds_bucket", ", ".join((*by, "le")))
    return {
        f"p{percent} {legend}".rstrip(): f"histogram_quantile({percent / 100}, {buckets})"
        for percent in (50, 95, 99)
    }


def _recorded(name: str) -> str:
    """A rule of deploy/prometheus/recording.yml."""
    return f'ticket_streams:{name}{{job="$job"}}'


WELL = Row(
    "Is it well?",
    (
        Panel(
            "Workers ready",
            "Members of the group that take tickets. /readyz of the others says why not.",
            {"ready": f"sum({_mine('ready')})"},
            kind="stat",
            width=4,
        ),
        Panel(
            "Tickets that wait",
            "Offsets between what is committed and what is there.",
            {"lag": _recorded("lag_events:sum")},
            kind="stat",
            width=4,
        ),
        Panel(
            "Longest wait for a commit",
            "Results that are paid for and not yet in Kafka.",
            {"seconds": f"max({_mine('uncommitted_seconds')})"},
            unit="s",
            kind="stat",
            width=4,
            alarm=30,
        ),
        Panel(
            "Calls held",
            "Tiers that call nobody until a person has mended it: a key, a limit, a model.",
            {"held": f"sum({_mine('calls_held')})"},
            kind="stat",
            width=4,
            alarm=1,
        ),
        Panel(
            "Breaker open",
            "Too many dead letters: workers hold everything back.",
            {"open": f"sum({_mine('breaker_open')})"},
            kind="stat",
            width=4,
            alarm=1,
        ),
        Panel(
            "Dead letters in an hour",
            "ticket-streams dead-letters shows them, and sends them again.",
            {"letters": f"sum(increase({_mine('dead_letters_total')}[1h]))"},
            kind="stat",
            width=4,
            alarm=1,
        ),
    ),
)

MONEY = Row(
    "Money (floats: ticket-streams spend is exact)",
    (
        Panel(
            "Dollars an hour",
            "What the answered calls of the last hour cost.",
            {"all models": _recorded("spend_dollars:increase1h")},
            unit="currencyUSD",
            kind="stat",
            width=4,
        ),
        Panel(
            "Dollars for 1,000 tickets",
            "Of the last hour.",
            {"all models": _recorded("dollars_per_1000_tickets:rate1h")},
            unit="currencyUSD",
            kind="stat",
            width=4,
        ),
        Panel(
            "Spend by model",
            "Dollars an hour, at the present rate.",
            {"{{model}}": f"3600 * {_rate('spend_dollars_total', 'model')}"},
            unit="currencyUSD",
            stacked=True,
        ),
        Panel(
            "Tokens by kind",
            "Of answered calls.",
            {"{{model}} {{kind}}": _rate("tokens_total", "model, kind")},
            stacked=True,
        ),
    ),
)

TICKETS = Row(
    "Tickets",
    (
        Panel(
            "Tickets by category",
            "Routed, a second.",
            {"{{category}}": _rate("routed_tickets_total", "category")},
            unit="reqps",
            stacked=True,
        ),
        Panel(
            "Tickets by tier",
            "Who answered; cache is an identical ticket's answer.",
            {"{{tier}}": _rate("routed_tickets_total", "tier")},
            unit="reqps",
            stacked=True,
        ),
        Panel(
            "From Kafka to routed",
            "From a ticket's own time to the commit of its result.",
            _quantiles("ticket_latency"),
            unit="s",
        ),
        Panel(
            "Unknown, escalated, from the cache",
            "Shares of the routed tickets.",
            {
                "unknown": _recorded("unknown_tickets:ratio30m"),
                "escalated": _recorded("escalated_tickets:ratio30m"),
                "cache": _recorded("cache_hits:ratio5m"),
            },
            unit="percentunit",
        ),
        Panel(
            "Tickets in a call",
            "More of them is cheaper; it grows with the load.",
            {"{{tier}}": f"{_rate('call_tickets_total', 'tier')} / {_rate('calls_total', 'tier')}"},
        ),
        Panel(
            "Dead letters",
            "By what was wrong, an hour.",
            {
                "{{stage}} {{error_type}}": "sum by (stage, error_type) "
                f"(increase({_mine('dead_letters_total')}[1h]))"
            },
        ),
    ),
)

API = Row(
    "Claude's API",
    (
        Panel(
            "Calls by outcome",
            "Failed ones too, a second.",
            {"{{outcome}}": _rate("calls_total", "outcome")},
            unit="reqps",
            stacked=True,
        ),
        Panel(
            "How long a call takes",
            "From its begin to its end.",
            _quantiles("call_duration", "model"),
            unit="s",
        ),
        Panel(
            "Rate limit in use",
            "Of the organisation's limit, as the last answer told.",
            {
                "{{model}} {{kind}}": "max by (model, kind) "
                f"(1 - {_mine('api_rate_limit_remaining')} / {_mine('api_rate_limit')})"
            },
            unit="percentunit",
            alarm=0.95,
        ),
        Panel(
            "Call slots",
            "Calls under way, of as many as there may be.",
            {
                "{{tier}}": f"sum by (tier) ({_mine('calls_in_flight')})",
                "most": f"sum({_mine('call_slots')})",
            },
        ),
        Panel(
            "Tickets that wait for a call",
            "Read and in hand, without a free slot.",
            {"{{tier}}": f"sum by (tier) ({_mine('waiting_tickets')})"},
        ),
        Panel(
            "Paused by the API",
            "Workers that were asked to wait (retry-after).",
            {"{{tier}}": f"sum by (tier) ({_mine('calls_paused')})"},
        ),
    ),
)

KAFKA = Row(
    "Kafka",
    (
        Panel(
            "Lag by partition",
            "A partition that no worker owns has none here: ask Kafka.",
            {"{{partition}}": f"sum by (partition) ({_mine('lag_events')})"},
        ),
        Panel(
            "Not yet committed",
            "Events in hand, of as many as there may be (back-pressure).",
            {
                "{{instance}}": f"sum by (instance) ({_mine('pending_events')})",
                "most": f"max({_mine('pending_events_limit')})",
            },
        ),
        Panel(
            "Transactions",
            "How long they take.",
            _quantiles("commit_duration"),
            unit="s",
        ),
        Panel(
            "Throttled by quotas",
            "Seconds a second that Kafka's quotas hold requests back.",
            {"{{request}}": _rate("kafka_throttled_seconds_total", "request")},
            unit="s",
        ),
    ),
)

WORKERS = Row(
    "Workers",
    (
        Panel(
            "State",
            "Workers in each state; blocked is what a person must mend.",
            {"{{state}}": f"sum by (state) ({_mine('state')})"},
            stacked=True,
        ),
        Panel(
            "Memory",
            "Resident, of each process.",
            {"{{instance}}": 'process_resident_memory_bytes{job="$job"}'},
            unit="bytes",
        ),
        Panel(
            "CPU",
            "Cores in use.",
            {"{{instance}}": 'rate(process_cpu_seconds_total{job="$job"}[$__rate_interval])'},
        ),
    ),
)

ROWS = (WELL, MONEY, TICKETS, API, KAFKA, WORKERS)
