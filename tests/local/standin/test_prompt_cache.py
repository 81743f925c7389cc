import json

from streams.local.standin.prompt_cache import CacheUse, PromptCache
from streams.local.standin.requests import MessageRequest, parse
from tests.local.standin.calls import SINGLE, body, schema_of


def _request(
    characters: int, model: str = "claude-haiku-5-5", ttl: str = "5m", more: str = ""
) -> MessageRequest:
    system = [
        {
            "type": "text",
            "text": "x" * characters,
            "cache_control": {"type": "ephemeral", "ttl": ttl},
        },
        {"type": "text", "text": f"after {more}"},
    ]
    return parse(json.dumps(body(model=model, system=system)).encode())


def test_a_prefix_is_written_then_read_until_it_expires() -> None:
    cache, request = PromptCache(), _request(3_500)
    written = cache.use(request, now=0)
    assert written == CacheUse(write_5m=1_000)
    cache.answered(request, written, now=1)
    assert cache.use(request, now=300) == CacheUse(read=1_000)
    assert cache.use(request, now=599) == CacheUse(read=1_000), "a read keeps it warm"
    assert cache.use(request, now=900) == CacheUse(write_5m=1_000)


def test_an_hour_is_paid_as_an_hour() -> None:
    cache, request = PromptCache(), _request(3_500, ttl="1h")
    written = cache.use(request, now=0)
    assert written == CacheUse(write_1h=1_000)
    cache.answered(request, written, now=0)
    assert cache.use(request, now=3_599) == CacheUse(read=1_000)


def test_it_cannot_be_read_before_the_first_answer() -> None:
    cache, request = PromptCache(), _request(3_500)
    assert cache.use(request, now=0) == cache.use(request, now=1) == CacheUse(write_5m=1_000)


def test_a_prefix_below_the_models_least_is_not_cached() -> None:
    cache = PromptCache()
    assert cache.use(_request(511 * 35 // 10), now=0) == CacheUse()
    assert cache.use(_request(512 * 35 // 10), now=0) == CacheUse(write_5m=512)
    assert cache.use(_request(3_500, "claude-haiku-4-5"), now=0) == CacheUse()
    assert cache.use(_request(20_000, "claude-haiku-4-5"), now=0).write_5m > 4_096


def test_what_follows_the_marked_block_does_not_matter_but_the_schema_does() -> None:
    cache, request = PromptCache(), _request(3_500)
    cache.answered(request, cache.use(request, now=0), now=0)
    assert cache.use(_request(3_500, more="another"), now=1).read == 1_000
    system = [
        {"type": "text", "text": "x" * 3_500, "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "after "},
    ]
    other = schema_of({**SINGLE["properties"], "note": {"type": "string"}})
    changed = parse(json.dumps(body(schema=other, system=system)).encode())
    assert cache.use(changed, now=1) == CacheUse(write_5m=1_000)
