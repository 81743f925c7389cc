"""The key and the models, by the one call of the Messages API that costs nothing."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import anthropic

from streams.claude.failures import Failure, explain
from streams.claude.tiers import SETTING, models
from streams.doctor.clock import check_api_date
from streams.doctor.finding import Finding
from streams.settings import Settings, variable

SECONDS = 10.0


async def check_api(settings: Settings) -> list[Finding]:
    """One finding a model, and the clock against the API's. Nothing is paid."""
    key = settings.anthropic_api_key
    if key is None or not key.get_secret_value():
        what = f"{variable('anthropic_api_key')} is not set"
        return [Finding("key", "wrong", what, "the Messages API needs a key")]
    asked: dict[str, str] = {}
    for tier, model in models(settings).items():
        asked.setdefault(model, SETTING[tier])
    findings: list[Finding] = []
    async with anthropic.AsyncAnthropic(
        api_key=key.get_secret_value(),
        base_url=settings.anthropic_base_url,
        max_retries=0,
        timeout=SECONDS,
    ) as client:
        for model, name in asked.items():
            findings += await _ask(client, variable(name), model)
    seen = dict.fromkeys(findings)  # a refused key is refused for each model
    clocks = [finding for finding in seen if finding.check == "clock"]
    return [*(finding for finding in seen if finding.check != "clock"), *clocks[:1]]


async def _ask(client: anthropic.AsyncAnthropic, name: str, model: str) -> list[Finding]:
    began, where = time.time(), urlsplit(str(client.base_url)).hostname
    address = f"is {variable('anthropic_base_url')} right, and may this machine go there?"
    try:
        answer = await client.messages.with_raw_response.count_tokens(
            model=model, messages=[{"role": "user", "content": "doctor"}]
        )
        date, body = answer.headers.get("date"), await answer.json()
    except anthropic.APIStatusError as error:
        date = error.response.headers.get("date")
        return [
            _refusal(name, model, error.status_code, where, explain(error)),
            *_clock(date, began),
        ]
    except anthropic.APIError as error:
        return [Finding("key", "wrong", f"{where}: {explain(error).advice}", address)]
    except UnicodeEncodeError:
        what = f"{variable('anthropic_api_key')} holds characters that no key has"
        return [Finding("key", "wrong", what, "copy it again")]
    except (ValueError, TypeError):
        body = None
    if not isinstance(body, dict) or "input_tokens" not in body:
        return [
            Finding("key", "wrong", f"what answers at {where} is not the Messages API", address)
        ]
    return [Finding("key", "ok", f"the key may ask {model}"), *_clock(date, began)]


def _refusal(name: str, model: str, status: int, where: str | None, failure: Failure) -> Finding:
    key = variable("anthropic_api_key")
    match status:
        case 401:
            return Finding("key", "wrong", f"{key} is refused (401)", "set a valid one")
        case 402:
            return Finding("key", "wrong", "the bill is not paid (402)", "settle it in the Console")
        case 403:
            tip = "allow it in the key's workspace, or use a key of another"
            return Finding("key", "wrong", f"{key} may not use {model} (403)", tip)
        case 404:
            tip = f"set {name} to a current one, if {where} is the API at all"
            return Finding("key", "wrong", f"{name}: the API has no {model} (404)", tip)
        case 400:
            return Finding("key", "wrong", f"the API refuses to count tokens of {model} (400)")
        case _:
            return Finding("key", "warn", f"{model}: {failure}", "try again in a while")


def _clock(date: str | None, began: float) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return
    # The header is cut to a whole second, and was written while we waited.
    yield check_api_date(theirs + 0.5 - (began + time.time()) / 2)
