"""HTML and SVG as elements: what is put into them is text, and is escaped when it is written."""

import re
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Child: TypeAlias = "Element | str | None"

# XML and HTML have no place for these.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def tag(name: str, /, *children: Child, **attributes: object) -> Element:
    """An element. ``class_`` is the attribute class, ``stroke_width`` is stroke-width.

    Children and attributes that are None are left out.
    """
    element = Element(name)
    for key, value in attributes.items():
        if value is not None:
            element.set(key.rstrip("_").replace("_", "-"), _clean(str(value)))
    add(element, *children)
    return element


def add(element: Element, *children: Child) -> None:
    """Append elements and text."""
    for child in children:
        if isinstance(child, Element):
            element.append(child)
        elif child is not None and len(element):
            element[-1].tail = (element[-1].tail or "") + _clean(child)
        elif child is not None:
            element.text = (element.text or "") + _clean(child)


def document(root: Element) -> str:
    """The whole page. Script and style elements are written as they are: put no data there."""
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def _clean(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)
