"""Settings that are each allowed, and do not go together. Pure."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from streams.books.windows import DAY, HOUR
from streams.dashboard.guard import is_loopback
from streams.doctor.access_checks import LOCAL
from streams.doctor.finding import Finding, Level
from streams.settings import Settings, variable

TOKENS_A_CHAR = 1.25
"""As streams.classify.prompt reckons, for text of one byte a character."""


def check_settings(settings: Settings) -> list[Finding]:
    """A finding for each contradiction; one ``ok`` where there is none."""
    found = [
        Finding("settings", level, f"{variable(name)}: {what}", advice)
        for level, name, what, advice in _contradictions(settings)
    ]
    return found or [Finding("settings", "ok", "no two settings contradict each other")]


def _contradictions(s: Settings) -> Iterator[tuple[Level, str, str, str]]:
    """Level, the setting to change, what is wrong, and what to do."""
    yield from _of_calls(s)
    yield from _of_escalation(s)
    if s.stop_grace >= s.session_timeout:
        what = f"{s.stop_grace:g} s is not below the session timeout of {s.session_timeout:g} s"
        tip = "a stop may then take longer than a crash; lower it"
        yield "warn", "stop_grace", what, tip
    if s.stall_limit <= s.call_timeout:
        what = f"{s.stall_limit:g} s is not above the {s.call_timeout:g} s that a call may take"
        yield "wrong", "stall_limit", what, "one slow call would end the worker; raise it"
    larger = HOUR if s.window_seconds < HOUR else DAY
    if larger % s.window_seconds:
        what = f"windows of {s.window_seconds} s do not fit into an hour or a day"
        tip = "those count to the one in which they begin; 60 or 300 is exact"
        yield "warn", "window_seconds", what, tip
    if s.dashboard_token is None and not is_loopback(s.dashboard_host):
        what = f"the page would listen on {s.dashboard_host}, and does not without a token"
        yield "wrong", "dashboard_token", what, "set it, or listen on 127.0.0.1"
    yield from _of_addresses(s)
    if s.worker_port and (s.worker_host, s.worker_port) == (s.dashboard_host, s.dashboard_port):
        what = f"{s.worker_port} is the dashboard's port too"
        yield "wrong", "worker_port", what, "give each a port of its own"


def _of_addresses(s: Settings) -> Iterator[tuple[Level, str, str, str]]:
    tip = "use https://"
    for name, carried in (
        ("anthropic_base_url", "tickets and the key go"),
        ("schema_registry_url", "what it says of our tickets, and its password, go"),
        ("sasl_oauthbearer_token_endpoint_url", "the client's secret goes"),
    ):
        address = urlsplit(getattr(s, name) or "")
        login = address.password is not None or s.schema_registry_user_info is not None
        secret = name != "schema_registry_url" or login
        if address.scheme == "http" and address.hostname not in LOCAL and secret:
            yield "warn", name, f"{carried} over the network unencrypted", tip


def _of_calls(s: Settings) -> Iterator[tuple[Level, str, str, str]]:
    if s.max_pending < s.max_calls * s.batch_size:
        what = f"{s.max_pending} tickets do not fill {s.max_calls} calls of {s.batch_size}"
        yield "warn", "max_pending", what, f"{s.max_calls * s.batch_size * 3} keeps them all busy"
    if s.batch_size > 1 and s.max_text_chars * TOKENS_A_CHAR >= s.batch_tokens:
        what = f"{s.batch_tokens} may not hold one text of {s.max_text_chars} characters"
        tip = "long tickets are asked alone, which is dearer; raise it or cut texts shorter"
        yield "warn", "batch_tokens", what, tip
    minute = s.input_tokens_per_minute
    if minute is not None and minute < s.batch_tokens:
        what = f"{minute} is less than one call may have ({s.batch_tokens})"
        yield "warn", "input_tokens_per_minute", what, f"lower {variable('batch_tokens')}"


def _of_escalation(s: Settings) -> Iterator[tuple[Level, str, str, str]]:
    if s.escalation_model == "none":
        return
    if s.escalation_model == s.model:
        what = f"{s.model} would be asked again"
        yield "warn", "escalation_model", what, 'name a better one, or "none"'
    if s.escalation_threshold == 0:
        what = "at 0 no answer is unsure enough to ask the escalation model"
        yield "warn", "escalation_threshold", what, "raise it"
    if s.escalation_threshold == 1:
        what = "at 1 nearly every answer is asked again"
        yield (
            "warn",
            "escalation_threshold",
            what,
            "lower it: `ticket-streams eval` shows a good one",
        )
    if s.escalation_cap == 0:
        what = "at 0 the escalation model is never asked"
        yield "warn", "escalation_cap", what, 'raise it, or say so: escalation_model = "none"'
