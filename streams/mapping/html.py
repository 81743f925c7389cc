"""The text of an HTML body, as a person reads it."""

from typing import Any

from lxml import etree

from streams.events.json_values import scalar

BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "br", "dd", "div", "dl", "dt"),
        *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"),
    }
)
"""Elements that begin and end a line."""

UNREAD = frozenset(("head", "script", "style", "template", "title"))
"""Elements whose content nobody sees."""


def text_of(html: str) -> str:
    """What stands in ``html``, one line for each block; text without any markup stays as it reads.

    In time that grows with the length only, however deep or broken the markup is: elements are told
    one by one, and no tree is built.
    """
    if not html.strip():
        return ""
    parser: Any = etree.HTMLParser(target=_Reader(), huge_tree=True, recover=True)
    # A character that ends the document for libxml2 must not end the ticket.
    parser.feed(scalar(html).replace("\0", "\ufffd"))
    text: str = parser.close()
    return text


class _Reader:
    """What lxml tells of a document, in its order."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]
        self._unread = 0

    def start(self, tag: str, attributes: object) -> None:
        del attributes
        if tag in UNREAD:
            self._unread += 1
        self._break_at(tag)

    def end(self, tag: str) -> None:
        if tag in UNREAD and self._unread:
            self._unread -= 1
        self._break_at(tag)

    def data(self, text: str) -> None:
        if not self._unread:
            self._lines[-1].append(text)

    def close(self) -> str:
        lines = (" ".join("".join(parts).split()) for parts in self._lines)
        return "\n".join(line for line in lines if line)

    def _break_at(self, tag: str) -> None:
        if tag in BLOCKS and self._lines[-1]:
            self._lines.append([])
