"""JMESPath expressions over an event, with two functions that tickets need.

===============  ===============================================================================
``html(x)``      the text of an HTML body
``seconds(x)``   epoch milliseconds, as ``created_at`` wants them, from epoch seconds
===============  ===============================================================================

Both give null for null, so that ``||`` goes on to the next place.
"""

from collections.abc import Iterator
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature

from streams.mapping.html import text_of


class _Functions(Functions):
    @signature({"types": ["string", "null"]})
    def _func_html(self, html: str | None) -> str | None:
        return None if html is None else text_of(html)

    @signature({"types": ["number", "null"]})
    def _func_seconds(self, seconds: float | None) -> int | None:
        return None if seconds is None else round(seconds * 1000)


_OPTIONS = jmespath.Options(custom_functions=_Functions())


class FailedError(Exception):
    """An expression cannot be applied to this event. The message holds nothing of the event."""


class Expression:
    """Compiled once. Raises ValueError where ``text`` is no JMESPath expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._compiled = jmespath.compile(text)
        except JMESPathError as error:
            raise ValueError(f"is no JMESPath expression: {_first_line(error)}") from None
        for name, arguments in _calls(self._compiled.parsed):
            _check_call(name, arguments)

    def find(self, event: object) -> Any:
        """What it finds in ``event``; None for nothing. Raises FailedError."""
        try:
            return self._compiled.search(event, options=_OPTIONS)
        except (JMESPathError, ArithmeticError, RecursionError) as error:
            # Its message may quote the event.
            raise FailedError(f"`{self.text}` fails: {type(error).__name__}") from None


def _calls(node: Any) -> Iterator[tuple[str, int]]:
    """Name and number of arguments of each function call: jmespath looks at them when it comes to
    one, which may be with the thousandth event."""
    if node["type"] == "function_expression":
        yield node["value"], len(node["children"])
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _calls(child)


def _check_call(name: str, arguments: int) -> None:
    found = _Functions.FUNCTION_TABLE.get(name)
    if found is None:
        raise ValueError(f"is no JMESPath expression: there is no function {name}()")
    wanted = found["signature"]
    variadic = bool(wanted) and wanted[-1].get("variadic", False)
    if arguments < len(wanted) or (arguments > len(wanted) and not variadic):
        raise ValueError(
            f"is no JMESPath expression: {name}() has {len(wanted)} arguments, not {arguments}"
        )


def _first_line(error: JMESPathError) -> str:
    return str(error).splitlines()[0]
