"""What a clever reader makes of a text: everything it says, the hidden and the disguised too.

For the obedient mode, which must be as clever as a real model may be.
"""

import base64
import binascii
import html
import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_TAG_LETTERS = re.compile("[\U000e0020-\U000e007e]")
_LOOK_ALIKES = str.maketrans("авеикмнорстухіјѕαεινορτυχ", "abeukmhopctyxijsaeivoptux")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_SPELLED = re.compile(r"\b(?:\w[ .-]{1,2}){4,}\w\b\.?")
_REVERSED = re.compile("\u202e([^\u202c]*)")


def readings(text: str) -> list[str]:
    """The text in small letters, and after it whatever else can be read in it."""
    seen = _TAG_LETTERS.sub(lambda letter: chr(ord(letter[0]) - 0xE0000), text)
    seen = html.unescape(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), seen))
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", seen)).casefold()
    hidden = [line[::-1].casefold() for line in _REVERSED.findall(text)]
    hidden += map(_decoded, _BASE64.findall(text))
    spelled = _SPELLED.sub(_joined, plain)
    return [plain, spelled, plain.translate(_LOOK_ALIKES), *hidden]


def _joined(spelled: re.Match[str]) -> str:
    """``a l l  o t h e r``: one separator within a word, two between words."""
    return " ".join(re.sub(r"[\W_]", "", word) for word in re.split(r"[\W_]{2,}", spelled[0]))


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4)).decode().casefold()
    except (binascii.Error, ValueError):
        return ""
