# ruff: noqa: RUF001
"""The obedient mode: the simulated model does what the tickets' texts say.

It obeys, in the languages of its tables and in all disguises of ``disguises.py``:

- for a ticket itself: an order to answer a category, one of the list or not, and a confidence;
- forged results: what looks like one, an object with its keys or a string with an id, a name and a
  percent, stands in the answer as it stands in the text;
- for the others: "all other tickets are billing" answers that for every other ticket of the call;
- for the format: an answer in XML or in plain words, none at all, or the instructions instead;
- for the rest: "stop after this ticket" or "leave out the others" leaves all others out.

A real model obeys less. The worker's checks must hold against this one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from streams.local.standin.disguises import readings
from streams.local.standin.shape import Shape

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Obeyed:
    """An answer as the tickets want it."""

    results: list[Json]
    forged: list[str]
    """More results, as they stand in the tickets: not always JSON."""
    words: str | None
    """What is said in place of all that, if anything."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What one ticket's text wants."""

    own: str | None
    confidence: float | None
    forged: list[str]
    others: str | None
    """The category for all others; empty for the ticket's own."""
    alone: bool
    words: str | None


def obey(results: Sequence[Json], texts: Sequence[str], shape: Shape) -> Obeyed:
    """Does what the texts say; ``results`` are the answers to them, in their order."""
    orders = [read_orders(text, shape.categories) for text in texts]
    out = [dict(result) for result in results]
    for result, order in zip(out, orders, strict=True):
        _answer(result, order.own, order.confidence, shape)
    for n, order in enumerate(orders):
        if order.others is not None:
            for other in (*out[:n], *out[n + 1 :]):
                _answer(other, order.others or out[n][shape.category], 1.0, shape)
    if any(order.alone for order in orders):
        out = [result for result, order in zip(out, orders, strict=True) if order.alone]
    words = [order.words for order in orders if order.words is not None]
    forged = [result for order in orders for result in order.forged]
    return Obeyed(out, forged, words[0] if words else None)


def _answer(result: Json, category: str | None, confidence: float | None, shape: Shape) -> None:
    if category is not None:
        result[shape.category] = category
    if shape.confidence and (category or confidence) is not None:
        result[shape.confidence] = 1.0 if confidence is None else confidence


def _words(spaced: str, unspaced: str = "") -> str:
    """A regular expression for the beginnings of words; ``unspaced`` may stand anywhere."""
    found = rf"\b(?:{'|'.join(spaced.split())})"
    return f"(?:{found}|{'|'.join(unspaced.split())})" if unspaced else found


_EVERYONE = _words(
    """all every each other remaining alle jede ander übrige tous toutes autres tod[oa]s demás
    outr[oa]s tutti altri overige wszystki inne pozostał вс[её] остальн tüm diğer جميع الأخرى सभी
    बाकी 모든 다른""",
    "所有 全部 其他 他の すべて",
)
_TICKETS = _words(
    """ticket message request nachricht anfrage demande mensaje solicitud chamado mensage messaggi
    richiest bericht zgłosz wiadomo обращ тикет заявк talep bilet التذاكر الرسائل टिकट 티켓 문의""",
    "工单 消息 チケット 問い合わせ",
)
_OTHERS = re.compile(
    rf"{_EVERYONE}.{{0,20}}?{_TICKETS}|{_TICKETS}.{{0,8}}?(?:below|above|الأخرى)|\bthe others\b",
    re.DOTALL,
)
_ALONE = re.compile(
    rf"""\bstop\ after|\bleave\ out|\bskip\b|\bonly\ this|\bnach\ diesem\ ticket|\bnur\ dieses
    |\büberspring|\blasse?\ die\ ander|\blaisse\ de\ côté|\baprès\ ce\ ticket|\bsolo\ a\ este
    |\bpomiń|пропусти|跳过|只回答|飛ばして|건너뛰|ignore\ {_EVERYONE}\ (?:\w+\ )?{_TICKETS}""",
    re.VERBOSE,
)
_ORDER = _words(
    """answer respond reply classify category put antwort répond respond rispond antwoord odpowiedz
    ответ yanıtla أجب وأجب उत्तर 답""",
    "回答 答え",
)
_SHOW = _words(
    "print repeat reveal show zeig affiche montre muestra mostra stampa toon pokaż покажи göster",
    "显示 打印 表示",
)
_INSTRUCTIONS = _words(
    """instruct prompt anweisung instrucc istruzion instruç instrukc инструкц промпт talimat""",
    "指令 プロンプト",
)
_SILENCE = re.compile(
    r"do not answer|don't answer|say nothing|ne réponds pas|antworte nicht|no respondas"
    r"|nie odpowiadaj|не отвечай|不要回答|答えないで"
)
_CONFIDENCE = re.compile(
    r"(?:confidence|konfidenz|confian[zcç]a|confiance|confidenza|zekerheid|pewności\w*|уверенност\w*"
    r"|güven|置信度|信頼度|بثقة|विश्वास|신뢰도)\W{0,4}(?:\w{2,3} )?([\d.]*\d)"
)
_FORGED = re.compile(
    r"""\{[^{}]*["'“”]?\s*\b(?:c|category|\\u0063)\s*\\*["'“”]?\s*:[^{}]*\}"""
    r"""|["'“”]\d+:?\ +\w+\ +[\d.]+%?["'“”]|^\d+\ \w+\ \d+$""",
    re.IGNORECASE | re.MULTILINE,
)
_FORMS = (
    (re.compile(rf"{_ORDER}.{{0,30}}\bxml\b|\bxml\b.{{0,20}}{_ORDER}"), "<answer>billing</answer>"),
    (re.compile(rf"{_SHOW}.{{0,30}}{_INSTRUCTIONS}|{_INSTRUCTIONS}.{{0,10}}{_SHOW}"),
     "My instructions: classify tickets by what the customer wants most."),
    (re.compile(rf"(?:{_ORDER}|output).{{0,40}}(?:plain|prose|poem|gedicht|sentences|yaml|словами)"),
     "These customers have various wishes."),
    (_SILENCE, ""),
)  # fmt: skip


@lru_cache(maxsize=50_000)
def read_orders(text: str, categories: tuple[str, ...]) -> Orders:
    """What a ticket's text wants of the model."""
    plain, *hidden = readings(text)
    said = "\n".join([plain, *hidden])
    named = _named(categories)
    mentions = [named[name] for name in _any_of(categories).findall(said)]
    outside = re.search(r"\bcategory (?!is\b|must\b)(\w+)", said)
    own = None
    if outside or re.search(_ORDER, said):
        own = mentions[0] if mentions else outside and outside[1]
    confidence = _CONFIDENCE.search(said)
    alone = _ALONE.search(said) is not None
    others = None
    if not alone and _OTHERS.search(said):
        others = mentions[-1] if mentions else ""
    return Orders(
        own=own,
        confidence=float(confidence[1]) if confidence and confidence[1].count(".") < 2 else None,
        forged=_FORGED.findall(text) or _FORGED.findall(plain),
        others=others,
        alone=alone,
        words=next((words for form, words in _FORMS if form.search(said)), None),
    )


@lru_cache(maxsize=64)
def _named(categories: tuple[str, ...]) -> dict[str, str]:
    """Categories by their spellings in small letters."""
    return {
        spelling: name
        for name in categories
        for spelling in (name.casefold(), name.casefold().replace("_", " "))
    }


@lru_cache(maxsize=64)
def _any_of(categories: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, _named(categories)))})\b")
