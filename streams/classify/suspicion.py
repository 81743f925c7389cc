"""Which tickets are asked alone: those whose text looks as if it spoke to the model.

Ticket text is data, and Claude is told so. Should it obey all the same, a ticket that is alone in
its call can spoil no answer but its own. The check is generous: a false alarm costs the tokens of a
call that is not shared, and nothing else. It is no filter: no ticket is refused for it.
"""

import base64
import binascii
import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from streams.classify.order_words import CONFIDENCE, CONFIDENCE_UNSPACED, SPACED, UNSPACED, Words

# Characters that are not seen: soft hyphens, zero-width spaces and joiners, marks of direction.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202c\u2060-\u2064"
    "\u2066-\u206f\ufe00-\ufe0f\ufeff\uffa0]"
)
_ACCENTS = re.compile("[\u0300-\u036f]")
# Overrides of direction, and letters that are not seen: three flags aside, nobody honest has them.
_DECEPTIVE = re.compile("[\u202d\u202e\U000e0020-\U000e007f]")
# A Latin letter next to a Cyrillic or Greek one that looks like one.
_MIXED = re.compile(
    "[a-z][\u0430-\u045fαενορτυικχ]|[\u0430-\u045fαενορτυικχ][a-z]"  # noqa: RUF001
)
_ESCAPE = re.compile(r"\\u\{?([0-9a-f]{4})\}?|\\x([0-9a-f]{2})", re.IGNORECASE)
# 24 characters hold a text of 18; hexadecimal numbers and identifiers do not decode to one.
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,}={0,2}")

_QUOTE = "[\"'`\u2018\u2019\u201c\u201d\u201e]"
_KEYS = "(?:[icpr]|category|confidence|results)"
_RESULTS = re.compile(rf"{_QUOTE}\s{{0,9}}{_KEYS}\s{{0,9}}\\{{0,4}}{_QUOTE}\s{{0,9}}:")
_BARE_RESULTS = re.compile(rf"\{{\s{{0,9}}{_KEYS}\s{{0,9}}:")
_RESULT_STRING = re.compile(
    rf"{_QUOTE}\s{{0,9}}\d{{2,5}}[\s:,;|]{{1,9}}[a-z][\w -]{{0,63}}[\s:,;|]{{1,9}}"
    rf"\d{{1,3}}\s?%?\s{{0,9}}\\{{0,4}}{_QUOTE}"
)
_ROW_REST = r"[\s:,;|]{1,3}[a-z_]{1,64}[\s:,;|]{1,3}\d{1,3}\s?%?(?:[\s,;|]{1,4}|$)"
# It begins with a digit, not with what must stand before it: then the search skips to digits.
_RESULT_ROWS = re.compile(rf"\d(?<!\w\d)\d{{1,4}}{_ROW_REST}\b\d{{2,5}}{_ROW_REST}")
_TAGS = re.compile(
    r"<[\s/<|]{0,9}(?:tickets?\b|system\b|assistant\b|instruction|prompt\b|user>|human>|data>|im_|sys>)"
)
_INST = re.compile(r"\[/?inst\]")
_TURNS = re.compile(r"\n[^\w\n]{0,8}(?:system|assistant|human)\s{0,3}:")

# Vowel signs of India's and Thailand's scripts are no letters to Python.
_WORD = re.compile("[\\w\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff]+")
_SPELLED = re.compile(r" [^\W\d_](?: [^\W\d_]){7} ")
_ASCII_BETWEEN_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}
_UNSPACED_SCRIPT = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_NUMBER = re.compile(r"\D{0,8}\d")


def suspicious(text: str) -> bool:
    """Whether a ticket's text, subject included, might move a model to more than its own answer.

    Linear in the length of the text.
    """
    plain = text
    if "\\" in plain:
        plain = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), plain)
    if "&" in plain:
        plain = html.unescape(plain)
    plain = plain.casefold()
    if not plain.isascii():
        if _DECEPTIVE.search(plain):
            return True
        plain = _folded(plain)
        if _MIXED.search(plain):
            return True
    return (
        _imitates(plain)
        or _orders(plain)
        or any(_orders(_decoded(token)) for token in _BASE64.findall(text))
    )


def _folded(plain: str) -> str:
    """Without hidden characters, accents, and the other forms of a letter."""
    apart = unicodedata.normalize("NFKD", _HIDDEN.sub("", plain))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart)).casefold()


def _decoded(token: str) -> str:
    """The text in a base64 token; empty if there is none."""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4)).decode().casefold()
    except (binascii.Error, ValueError):
        return ""


def _imitates(plain: str) -> bool:
    """Whether there are results, tags or turns as only the worker and the model write them."""
    return bool(
        _RESULTS.search(plain)
        or _RESULT_STRING.search(plain)
        or _RESULT_ROWS.search(plain)
        or ("{" in plain and _BARE_RESULTS.search(plain))
        or ("<" in plain and _TAGS.search(plain))
        or ("[" in plain and _INST.search(plain))
        or _TURNS.search("\n" + plain)
    )


def _words(plain: str) -> str:
    """Words alone, a space before and after each."""
    if plain.isascii():  # nearly all of them: in half the time
        return f" {' '.join(plain.translate(_ASCII_BETWEEN_WORDS).split())} "
    return f" {' '.join(_WORD.findall(plain.replace('_', ' ')))} "


def _orders(plain: str) -> bool:
    """Whether there is an order to a model, in any of the languages, or letters spelled out."""
    words = _words(plain)
    if _SPELLED.search(words):
        return True
    if words.isascii():  # Cyrillic or Arabic words need not be looked for
        found = [*_SPACED_ASCII.finditer(words)]
    else:
        found = [*_SPACED.finditer(words)]
        if _UNSPACED_SCRIPT.search(words):
            found += _UNSPACED.finditer(words)
            found.sort(key=re.Match.start)
    last: dict[str, int] = {}
    for one in found:
        roles = _ROLES[one[0].lstrip()]
        if "phrases" in roles or ("confidence" in roles and _NUMBER.match(words, one.end())):
            return True
        for role in roles & _PARTNERS.keys():
            partner, most = _PARTNERS[role]
            if partner in last and one.start() - last[partner] <= most:
                return True
        last |= dict.fromkeys(roles, one.end())
    return False


_PARTNERS = {
    "everyone": ("tickets", 12),
    "tickets": ("everyone", 12),
    "verbs": ("objects", 24),
    "objects": ("verbs", 24),
}
"""Which parts make an order together, and the most characters between them."""


def _entries(table: Iterable[Words], confidence: str) -> Iterator[tuple[str, str]]:
    """The words of a table, stars and all, each with its role in an order."""
    for language in table:
        for role, words in language._asdict().items():
            yield from ((word, role) for word in words.split(", "))
    yield from ((word, "confidence") for word in confidence.split(", "))


def _bare(word: str) -> str:
    """A word of a table as it stands among the words of a text."""
    return _words(_folded(word)).strip()


def _trie(words: Iterable[str]) -> str:
    """A regular expression that branches letter by letter: hundreds of words in the time of a few.

    ``$`` stands for the end of a word. Of two that match it takes the longer.
    """
    branches: defaultdict[str, list[str]] = defaultdict(list)
    for word in words:
        branches[word[:1]].append(word[1:])
    may_end = branches.pop("", None) is not None
    end = ["(?= )"] if branches.pop("$", None) else []
    inner = [re.escape(letter) + _trie(rest) for letter, rest in branches.items()]
    if may_end:
        end = [""]
    return "(?:" + "|".join(inner + end) + ")" if inner or end != [""] else ""


_SPACED_WORDS = list(_entries(SPACED, CONFIDENCE))
_UNSPACED_WORDS = list(_entries(UNSPACED, CONFIDENCE_UNSPACED))
_SPACED_STEMS = [_bare(word) + "$" * (not word.endswith("*")) for word, _ in _SPACED_WORDS]
_SPACED = re.compile(" " + _trie(_SPACED_STEMS))
_SPACED_ASCII = re.compile(" " + _trie(filter(str.isascii, _SPACED_STEMS)))
_UNSPACED = re.compile(_trie(_bare(word) for word, _ in _UNSPACED_WORDS))
_ROLES: defaultdict[str, set[str]] = defaultdict(set)
for _word, _role in _SPACED_WORDS + _UNSPACED_WORDS:
    _ROLES[_bare(_word)].add(_role)
