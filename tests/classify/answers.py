"""Answers written by hand: what a model, or a broken connection, can give, and what it means."""

from streams.classify.answer import Reading, Reason, Verdict

ALLOWED = ("billing", "technical", "product_feedback", "account", "unknown")
ONE = "472"
"""The id of the only ticket."""
IDS = ("472", "815", "306")
"""The ids of three tickets that share a call."""

_B9 = Verdict("billing", 0.9)
_T9 = Verdict("technical", 0.9)
_P9 = Verdict("product_feedback", 0.9)
_PLAIN = '{"category": "billing", "confidence": 0.9}'


def _confidence(literal: str) -> str:
    return '{"category": "billing", "confidence": ' + literal + "}"


def _category(literal: str) -> str:
    return '{"category": ' + literal + ', "confidence": 0.9}'


def _one(entry: str) -> str:
    return f'{{"r":["{entry}"]}}'


READABLE: list[tuple[str, Verdict]] = [
    # as asked for
    (_one("472 billing 90"), _B9),
    (_one("472 product_feedback 90"), _P9),
    (_one("472 unknown 100"), Verdict("unknown", 1.0)),
    (_one("472 billing 7"), Verdict("billing", 0.07)),
    (_one("472 billing 07"), Verdict("billing", 0.07)),
    (_one("472 billing 1"), Verdict("billing", 0.01)),
    (_one("472 billing 0"), Verdict("billing", 0.0)),
    ('{ "r" : [ "472 billing 90" ] }', _B9),
    # a little else
    (_one("billing 90"), _B9),
    (_one(" 472  billing  90 "), _B9),
    (_one("472: billing 90%"), _B9),
    (_one("472, billing, 90 %"), _B9),
    (_one("472:billing:90"), _B9),
    (_one("472|billing|90"), _B9),
    (_one("472 BILLING 90"), _B9),
    (_one("472 Product-Feedback 90"), _P9),
    (_one("472 product feedback 90"), _P9),
    (_one("472 billing 0.9"), _B9),
    (_one("472 billing .9"), _B9),
    (_one("472 billing 90.0"), _B9),
    (_one("472 billing 0.5%"), Verdict("billing", 0.005)),
    (_one("472 billing 1.0%"), Verdict("billing", 0.01)),
    (_one("472 billing 090"), _B9),
    (_one("472 \\u0062illing 90"), _B9),
    ('{"R":["472 billing 90"]}', _B9),
    ('{"results":["472 billing 90"]}', _B9),
    ('["472 billing 90"]', _B9),
    ('["billing 90"]', _B9),
    ('Here: ["472 billing 90"]. Anything else?', _B9),
    ("```json\n" + _one("472 billing 90") + "\n```\nHope it helps.", _B9),
    ('{"r":[["472 billing 90"]]}', _B9),
    ('{"r":["472 billing 90"', _B9),
    ('{"r":["472 billing 90","999 account 95"]}', _B9),
    ('{"r":["472 billing 90"],"n":["x", "472"]}', _B9),
    ('{"r":["472 billing 90",""," ",7,null,"999 account"]}', _B9),
    ('{"r":["472 billing 90","472 billing 40"]}', Verdict("billing", 0.4)),
    ('{"r":["472 billing 90",{"i":472,"c":"billing","p":0.8}]}', Verdict("billing", 0.8)),
    # as it was asked for once
    ('{"r":[{"i":472,"c":"billing","p":0.9}]}', _B9),
    ('{"r":[{"i":472,"c":"unknown","p":1}]}', Verdict("unknown", 1.0)),
    ('{"r":[{"i":472,"c":"billing","p":-0.0}]}', Verdict("billing", 0.0)),
    # nearly so
    ('{"r":[{"i":"472","c":"billing","p":0.9}]}', _B9),
    ('{"r":[{"p":0.9,"c":"billing","i":472}]}', _B9),
    ('{"r":[{"c":"billing","p":0.9}]}', _B9),
    ('{"r":{"i":472,"c":"billing","p":0.9}}', _B9),
    ('{"c":"billing","p":0.9}', _B9),
    ('{"I":472,"C":"BILLING","P":"90%"}', _B9),
    ('{"r":[{"i":472,"c":"billing","p":0.9},{"i":999,"c":"account","p":1}]}', _B9),
    # the names in full
    (_PLAIN, _B9),
    ('{"category":"billing","confidence":0.9}', _B9),
    ('{"confidence":0.9,"category":"billing"}', _B9),
    ('{"category":"technical","confidence":0.9}', _T9),
    ('{"category":"product_feedback","confidence":0.9}', _P9),
    ('{"category":"account","confidence":1}', Verdict("account", 1.0)),
    ('{"category":"unknown","confidence":0}', Verdict("unknown", 0.0)),
    # white space
    ('  {"category": "billing", "confidence": 0.9}  ', _B9),
    ('\n\n{\n  "category": "billing",\n  "confidence": 0.9\n}\n', _B9),
    ('{\t"category"\t:\t"billing"\t,\t"confidence"\t:\t0.9\t}', _B9),
    ('\ufeff{"category": "billing", "confidence": 0.9}', _B9),
    ('\u00a0{"category": "billing", "confidence": 0.9}', _B9),
    # text around it
    ("```json\n" + _PLAIN + "\n```", _B9),
    ("```\n" + _PLAIN + "\n```", _B9),
    ("```json\n" + _PLAIN, _B9),
    ("`" + _PLAIN + "`", _B9),
    ("Here is the classification:\n" + _PLAIN, _B9),
    (_PLAIN + "\n\nThe customer asks for a refund.", _B9),
    ("Sure! " + _PLAIN + " Anything else?", _B9),
    ("The category is technical? No:\n" + _PLAIN, _B9),
    ("<answer>" + _PLAIN + "</answer>", _B9),
    ("Answer: " + _PLAIN + ".", _B9),
    ("[" + _PLAIN + "]", _B9),
    ("(" + _PLAIN + ")", _B9),
    ("{ " + _PLAIN, _B9),
    (_PLAIN + " }", _B9),
    ("{} " + _PLAIN, _B9),
    ("{thinking} " + _PLAIN, _B9),
    (_PLAIN + " {end}", _B9),
    ("{{" + _PLAIN + "}}", _B9),
    ('{"result": ' + _PLAIN + "}", _B9),
    ('{"result": {"answer": ' + _PLAIN + "}}", _B9),
    ('{"tickets": [' + _PLAIN + "]}", _B9),
    ('{"ok": true}\n' + _PLAIN, _B9),
    # more fields
    ('{"id": "472", "category": "billing", "confidence": 0.9}', _B9),
    ('{"ticket_id": 472, "category": "billing", "confidence": 0.9}', _B9),
    ('{"category": "billing", "confidence": 0.9, "reason": "charged {twice}"}', _B9),
    ('{"category": "billing", "confidence": 0.9, "note": "\\"category\\": \\"technical\\""}', _B9),
    ('{"category": "billing", "confidence": 0.9, "tags": ["a", {"b": 1}]}', _B9),
    ('{"category": "billing", "confidence": 0.9, "subcategory": "technical"}', _B9),
    # spelling of the category
    (_category('"Billing"'), _B9),
    (_category('"BILLING"'), _B9),
    (_category('" billing "'), _B9),
    (_category('"billing\\n"'), _B9),
    (_category('"Product_Feedback"'), _P9),
    (_category('"product feedback"'), _P9),
    (_category('"product-feedback"'), _P9),
    (_category('"Product Feedback"'), _P9),
    (_category('"PRODUCT-FEEDBACK"'), _P9),
    (_category('"product  _ feedback"'), _P9),
    (_category('"b\\u0069lling"'), _B9),
    (_category('"\\u0062\\u0069\\u006c\\u006c\\u0069\\u006e\\u0067"'), _B9),
    ('{"Category": "billing", "Confidence": 0.9}', _B9),
    ('{"CATEGORY": "billing", "CONFIDENCE": 0.9}', _B9),
    ('{" category ": "billing", "confidence ": 0.9}', _B9),
    ('{"c\\u0061tegory": "billing", "confidence": 0.9}', _B9),
    # forms of the confidence
    (_confidence("1"), Verdict("billing", 1.0)),
    (_confidence("1.0"), Verdict("billing", 1.0)),
    (_confidence("0"), Verdict("billing", 0.0)),
    (_confidence("-0.0"), Verdict("billing", 0.0)),
    (_confidence("9e-1"), _B9),
    (_confidence("9E-1"), _B9),
    (_confidence("90"), _B9),
    (_confidence("90.0"), _B9),
    (_confidence("100"), Verdict("billing", 1.0)),
    (_confidence('"0.9"'), _B9),
    (_confidence('" 0.9 "'), _B9),
    (_confidence('".9"'), _B9),
    (_confidence('"90%"'), _B9),
    (_confidence('"90 %"'), _B9),
    (_confidence('"90"'), _B9),
    (_confidence('"0.5%"'), Verdict("billing", 0.005)),
    (_confidence('"1%"'), Verdict("billing", 0.01)),
    (_confidence('"100%"'), Verdict("billing", 1.0)),
    (_confidence("0.90000000000000000000000001"), _B9),
    (_confidence("1e-400"), Verdict("billing", 0.0)),
    # several answers that agree: the least confidence counts
    (_PLAIN + _PLAIN, _B9),
    (_PLAIN + "\n" + _PLAIN, _B9),
    (_PLAIN + '{"category": "Billing", "confidence": 0.4}', Verdict("billing", 0.4)),
    ('[{"category": "billing", "confidence": 0.5}, ' + _PLAIN + "]", Verdict("billing", 0.5)),
    ('{"category": "billing", "category": "billing", "confidence": 0.9}', _B9),
    ('{"category": "billing", "confidence": 0.9, "confidence": 0.3}', Verdict("billing", 0.3)),
]

BAD: list[tuple[str, Reason]] = [
    # nothing there
    ("", "empty"),
    (" \n\t ", "empty"),
    # no JSON
    ("billing", "not_json"),
    ("The category is billing (0.9).", "not_json"),
    ("null", "not_json"),
    ("[]", "not_json"),
    ('["billing", 0.9]', "not_json"),
    ('"billing"', "not_json"),
    ("category: billing\nconfidence: 0.9", "not_json"),
    ("{'category': 'billing', 'confidence': 0.9}", "not_json"),
    ("{category: billing, confidence: 0.9}", "not_json"),
    ('{"category": "billing" "confidence": 0.9}', "not_json"),
    ('{"category" = "billing", "confidence" = 0.9}', "not_json"),
    ('{"category": "billing", "confidence": 0.9,}', "not_json"),
    ('{"category": "billing", "confidence": .9}', "not_json"),
    ('{"category": "billing", "confidence": 90%}', "not_json"),
    ('{"category": "bil\nling", "confidence": 0.9}', "not_json"),
    ("<html><body>502 Bad Gateway</body></html>", "not_json"),
    ("\x00\x01\x02", "not_json"),
    # cut
    ("{", "not_json"),
    ('{"categ', "not_json"),
    ('{"category": "bill', "not_json"),
    ('{"category": "billing"', "not_json"),
    ('{"category": "billing", "confidence": 0.9', "not_json"),
    ('{"category": "billing", "confidence": 0.', "not_json"),
    ('```json\n{"category": "billing",', "not_json"),
    ('{"r":["472 billing 90', "not_json"),
    ('{"r":["472 bill', "not_json"),
    # a string that is no list's
    ('"472 billing 90"', "not_json"),
    ("472 billing 90", "not_json"),
    ('The answer is "472 billing 90".', "not_json"),
    ('{"r":"472 billing 90"}', "not_in_categories"),
    ('{"472 billing 90":1}', "not_in_categories"),
    ('{"c":"472 billing 90","p":0.9}', "not_in_categories"),
    # a string that is no answer
    (_one("472"), "missing"),
    (_one("billing"), "missing"),
    (_one("472 billing"), "missing"),
    (_one("472 90"), "missing"),
    (_one("billing 472"), "bad_confidence"),
    (_one("472 billing high"), "missing"),
    (_one("472 billing -90"), "missing"),
    (_one("472 billing 0,9"), "missing"),
    (_one("472 billing ,9"), "missing"),
    (_one("472 billing 9e1"), "missing"),
    (_one("472 billing NaN"), "missing"),
    (_one("472 billing \u0669\u0660"), "missing"),  # Arabic digits
    (_one("\u0664\u0667\u0662 billing 90"), "missing"),
    (_one("472 billing 90-95"), "missing"),
    (_one("472" + " " * 300 + "billing 90"), "missing"),
    (_one("999 billing 90"), "missing"),
    (_one("4 72 billing 90"), "missing"),
    # of no category of ours, or of two
    (_one("472 sales 90"), "not_in_categories"),
    (_one("472 bill 90"), "not_in_categories"),
    (_one("472 billing technical 90"), "not_in_categories"),
    (_one("472 billing, technical 90"), "not_in_categories"),
    (_one("472 billing 90 technical 5"), "not_in_categories"),
    (_one("472 b\u0456lling 90"), "not_in_categories"),  # a Cyrillic letter
    ('{"r":["472 billing 90","472 account"]}', "not_in_categories"),
    ('{"r":["472 billing 90","account"]}', "not_in_categories"),
    ('{"r":["472 billing 90","472"]}', "not_in_categories"),
    # of no confidence to trust
    (_one("472 billing 101"), "bad_confidence"),
    (_one("472 billing 1.0"), "bad_confidence"),
    (_one("472 billing 1.00"), "bad_confidence"),
    (_one("472 billing 0.9.1"), "bad_confidence"),
    (_one("472 billing ."), "bad_confidence"),
    (_one("472 billing " + "9" * 100), "bad_confidence"),
    # two answers, or perhaps two
    ('{"r":["472 billing 90","472 account 90"]}', "contradicting"),
    ('{"r":["billing 90","account 90"]}', "contradicting"),
    ('{"r":["472 billing 90",{"i":472,"c":"account","p":1}]}', "contradicting"),
    ('{"r":["472 billing 90","472 acc', "contradicting"),
    ('{"r":["billing 90","acc', "contradicting"),
    ('{"r":["472 acc,"472 billing 90"]}', "contradicting"),
    (_PLAIN + '["472 acc', "contradicting"),
    ('{"i":472,"c":"billing","p":0.9,"also":["472 account 90"]}', "contradicting"),
    # an answer for somebody else
    ('{"r":[]}', "missing"),
    ('{"r":[{"n":472,"kind":"billing","score":0.9}]}', "missing"),
    ('{"r":[[["i",472],["c","billing"],["p",0.9]]]}', "missing"),
    ('{"r":[{"i":999,"c":"billing","p":0.9}]}', "missing"),
    ('{"id": "T-1", "category": "billing", "confidence": 0.9}', "missing"),
    ('{"i":null,"c":"billing","p":0.9}', "missing"),
    ('{"i":472,"i":999,"c":"billing","p":0.9}', "missing"),
    # no category, or none of ours
    ("{}", "not_in_categories"),
    ('{"r":{}}', "not_in_categories"),
    ('{"confidence": 0.9}', "not_in_categories"),
    ('{"kind": "billing", "confidence": 0.9}', "not_in_categories"),
    (_category("null"), "not_in_categories"),
    (_category("1"), "not_in_categories"),
    (_category("true"), "not_in_categories"),
    (_category('""'), "not_in_categories"),
    (_category('["billing"]'), "not_in_categories"),
    (_category('{"name": "billing"}'), "not_in_categories"),
    (_category('"sales"'), "not_in_categories"),
    (_category('"bill"'), "not_in_categories"),
    (_category('"billings"'), "not_in_categories"),
    (_category('"billing, technical"'), "not_in_categories"),
    (_category('"billing|technical"'), "not_in_categories"),
    (_category('"billing\\u0000"'), "not_in_categories"),
    (_category('"productfeedback"'), "not_in_categories"),
    (_category('"b\\ud800illing"'), "not_in_categories"),
    (_category('"b\u0456lling"'), "not_in_categories"),  # a Cyrillic letter
    # no confidence to trust
    ('{"category": "billing"}', "bad_confidence"),
    (_confidence("null"), "bad_confidence"),
    (_confidence("true"), "bad_confidence"),
    (_confidence("false"), "bad_confidence"),
    (_confidence("NaN"), "bad_confidence"),
    (_confidence("Infinity"), "bad_confidence"),
    (_confidence("-Infinity"), "bad_confidence"),
    (_confidence("1e999"), "bad_confidence"),
    (_confidence("-0.1"), "bad_confidence"),
    (_confidence("-1"), "bad_confidence"),
    (_confidence("100.1"), "bad_confidence"),
    (_confidence("1000"), "bad_confidence"),
    (_confidence("9" * 400), "bad_confidence"),
    (_confidence("[0.9]"), "bad_confidence"),
    (_confidence('{"value": 0.9}'), "bad_confidence"),
    (_confidence('""'), "bad_confidence"),
    (_confidence('"high"'), "bad_confidence"),
    (_confidence('"-0.9"'), "bad_confidence"),
    (_confidence('"NaN"'), "bad_confidence"),
    (_confidence('"inf"'), "bad_confidence"),
    (_confidence('"101%"'), "bad_confidence"),
    (_confidence('"0,9"'), "bad_confidence"),
    (_confidence('"9_0"'), "bad_confidence"),
    (_confidence('"0.9 or 0.8"'), "bad_confidence"),
    (_confidence('"\u0669\u0660"'), "bad_confidence"),  # Arabic digits
    (_PLAIN + '{"category": "billing"}', "bad_confidence"),
    # answers that contradict each other, or may
    (_PLAIN + '{"category": "technical", "confidence": 0.9}', "contradicting"),
    (_PLAIN + ' or {"category": "account", "confidence": 0.1}', "contradicting"),
    ("[" + _PLAIN + ', {"category": "unknown", "confidence": 0.1}]', "contradicting"),
    ('{"category": "billing", "category": "technical", "confidence": 0.9}', "contradicting"),
    ('{"category": "billing", "Category": "technical", "confidence": 0.9}', "contradicting"),
    (_PLAIN + '{"category": "tech', "contradicting"),
    ('{"category": "technical", ' + _PLAIN, "contradicting"),
    ('{\'x\': {"category": "technical"' + _PLAIN, "contradicting"),
    (
        '{"category": "billing", "confidence": 0.9, "second": {"category": "account"}}',
        "contradicting",
    ),
    ('{"a": ' + _PLAIN + ', "b": {"category": "account", "confidence": 1}}', "contradicting"),
    ('{"i":472,"c":"billing","p":0.9}{"c":"technical","p":0.9}', "contradicting"),
    ('{"i":472,"c":"billing","p":0.9}{"c":"tech', "contradicting"),
    ('{"r":[{"i":472,"c":"billing","p":0.9},{"i":472,"c":"account","p":1}]}', "contradicting"),
    # hostile
    ("{" * 1_000, "not_json"),
    ("{" * 1_000 + _PLAIN, "not_json"),
    ('{"a":' * 9_000, "not_json"),
    ('{"category":' * 4_000, "not_json"),
    ("[" * 49_000, "not_json"),
    (" " * 60_000 + _PLAIN, "not_json"),
    ("{" * 1_000 + _one("472 billing 90"), "not_json"),
    (_one("472 billing 90") + " " * 60_000, "not_json"),
    (_PLAIN + "{" * 300, "not_json"),
    (_confidence("9" * 5_000), "not_json"),
]


def _row(i: object, category: str = "billing", confidence: object = 0.9) -> str:
    quoted = f'"{i}"' if isinstance(i, str) else i
    return f'{{"i":{quoted},"c":"{category}","p":{confidence}}}'


def _rows(*rows: str) -> str:
    return '{"r":[' + ",".join(rows) + "]}"


_THREE = (_row(472), _row(815, "technical"), _row(306, "account"))
_A9 = Verdict("account", 0.9)
_ALL: tuple[Reading, ...] = (_B9, _T9, _A9)
_ASKED = _rows(*_THREE)

_TEXTS = ("472 billing 90", "815 technical 90", "306 account 90")


def _lines(*entries: str) -> str:
    return '{"r":[' + ",".join(f'"{entry}"' for entry in entries) + "]}"


_SAID = _lines(*_TEXTS)

SHARED: list[tuple[str, tuple[Reading, ...]]] = [
    # as asked for
    (_SAID, _ALL),
    (_lines(*reversed(_TEXTS)), _ALL),
    (_SAID.replace('","', '",\n  "'), _ALL),
    # in another shape, with text around it
    (_SAID.upper(), _ALL),
    (_SAID.replace(" 90", " 90%"), _ALL),
    (_SAID.replace(" 90", " 0.9"), _ALL),
    (_SAID.replace(" ", ": "), _ALL),
    (_SAID.replace('"r"', '"results"'), _ALL),
    (_SAID[5:-1], _ALL),
    (_SAID[5:-1] + "\nThese are the answers.", _ALL),
    (f"```json\n{_SAID}\n```", _ALL),
    (f"Here is the classification:\n```json\n{_SAID}\n```\nLet me know if I can help.", _ALL),
    (f"{{x}} {_SAID}", _ALL),
    ("".join(_lines(text) for text in _TEXTS), _ALL),
    ("\n".join(f'["{text}"]' for text in _TEXTS), _ALL),
    (_lines(_TEXTS[0]) + _rows(_THREE[1]) + f'["{_TEXTS[2]}"]', _ALL),
    (f'{{"r":["{_TEXTS[0]}",{_THREE[1]},"{_TEXTS[2]}"]}}', _ALL),
    (f'{{"r":[["{_TEXTS[0]}","{_TEXTS[1]}"],{{"more":["{_TEXTS[2]}"]}}]}}', _ALL),
    (_lines("\\u0034\\u0037\\u0032 b\\u0069lling 90", *_TEXTS[1:]), _ALL),
    # missing ones
    (_lines(*_TEXTS[:2]), (_B9, _T9, "missing")),
    (_lines(_TEXTS[1]), ("missing", _T9, "missing")),
    (_lines(_TEXTS[0], "815", "306 account"), (_B9, "not_in_categories", "not_in_categories")),
    (_lines("472, billing 90"), (_B9, "missing", "missing")),
    (_lines("472 billing 90, 815 technical 90"), ("not_in_categories", "missing", "missing")),
    # nobody's
    (_lines(*_TEXTS, "999 billing 90"), _ALL),
    (_lines(*_TEXTS, "T-1 billing 90", "4720 account 90", "47 account 90"), _ALL),
    (_lines("billing 90", "technical 90", "account 90"), ("missing",) * 3),
    (_lines(*_TEXTS, "billing 90"), _ALL),
    (_lines(*_TEXTS[:2], "0306 account 90"), (_B9, _T9, "missing")),
    (_lines(*_TEXTS[:2], "-306 account 90"), (_B9, _T9, "missing")),
    (_lines(*_TEXTS[:2], "306.0 account 90"), (_B9, _T9, "missing")),
    ('{"r":{"472":"billing 90","815":"technical 90","306":"account 90"}}', ("missing",) * 3),
    ('{"472":["billing 90"],"815":["technical 90"]}', ("missing",) * 3),
    # doubled ones
    (_lines(*_TEXTS, _TEXTS[0]), _ALL),
    (_lines(*_TEXTS, "472 billing 40"), (Verdict("billing", 0.4), _T9, _A9)),
    (_lines(*_TEXTS, "472 account 90"), ("contradicting", _T9, _A9)),
    (_lines(*_TEXTS, "472 sales 90"), ("not_in_categories", _T9, _A9)),
    (_lines(*_TEXTS, "472 billing 101"), ("bad_confidence", _T9, _A9)),
    (_SAID + _rows(_row(815, "account")), (_B9, "contradicting", _A9)),
    (_SAID[:-2] + "," + _row(815, "account") + "]}", (_B9, "contradicting", _A9)),
    # one bad, the others good
    (_lines("472 sales 90", *_TEXTS[1:]), ("not_in_categories", _T9, _A9)),
    (_lines("472 billing 1.0", *_TEXTS[1:]), ("bad_confidence", _T9, _A9)),
    (_lines("472 billing high", *_TEXTS[1:]), ("not_in_categories", _T9, _A9)),
    (_lines("billing 472", *_TEXTS[1:]), ("missing", _T9, _A9)),
    (_lines("472 bil\nling 90", *_TEXTS[1:]), ("missing", _T9, _A9)),
    # an id stands elsewhere
    (_lines(*_TEXTS, "472 account"), ("not_in_categories", _T9, _A9)),
    (_lines(*_TEXTS, "see 472"), ("contradicting", _T9, _A9)),
    (_lines(*_TEXTS, "not 306"), (_B9, _T9, "contradicting")),
    (_lines(_TEXTS[0], "815 306 90", _TEXTS[2]), (_B9, "not_in_categories", "contradicting")),
    (_SAID + " 472 is account, really", ("contradicting", _T9, _A9)),
    (_SAID[:-2] + ",'472 account 90']}", ("contradicting", _T9, _A9)),
    (_SAID[:-2] + ',"472 account 90]}', ("contradicting", _T9, _A9)),
    (_SAID[:-2] + ',"\\u0034\\u0037\\u0032 acc', ("contradicting", _T9, _A9)),
    # broken
    (_SAID.replace('"472', "472"), ("missing", _T9, _A9)),
    (_SAID.replace('"472', "'472"), ("missing", _T9, _A9)),
    (_SAID.replace('","815', '" "815'), ("missing", "missing", _A9)),
    (_SAID.replace('","815', ',"815'), ("missing", _T9, _A9)),
    # cut
    (_SAID[:-1], _ALL),
    (_SAID[:-2], _ALL),
    (_SAID[:-3], (_B9, _T9, "missing")),
    (_SAID[:-4], (_B9, _T9, "missing")),
    (_SAID[: _SAID.index("306") + 2], (_B9, _T9, "missing")),
    (_SAID[: _SAID.index("815") - 1], (_B9, "missing", "missing")),
    (_SAID[:10], ("not_json",) * 3),
    (_SAID + '["306 bil', (_B9, _T9, "contradicting")),
    # no list's
    ("\n".join(_TEXTS), ("not_json",) * 3),
    ("\n".join(f'"{text}"' for text in _TEXTS), ("not_json",) * 3),
    (_SAID + "{" * 300, ("not_json",) * 3),
    # as it was asked for once
    (_ASKED, _ALL),
    (_rows(*reversed(_THREE)), _ALL),
    (_ASKED.replace(",", ", ").replace(":", ": "), _ALL),
    (_ASKED.replace("{", "{\n  "), _ALL),
    (_rows(_row("472"), _row("815", "technical"), _row("306", "account")), _ALL),
    # other names, another order of keys, another shape
    (
        _ASKED.replace('"i"', '"id"').replace('"c"', '"category"').replace('"p"', '"confidence"'),
        _ALL,
    ),
    (_ASKED.replace('"i"', '"ticket_id"'), _ALL),
    (_ASKED.upper(), _ALL),
    (_ASKED.replace('"r"', '"results"'), _ALL),
    ("[" + ",".join(_THREE) + "]", _ALL),
    ("".join(_THREE), _ALL),
    ("\n".join(_THREE), _ALL),
    (f'{{"a":{_THREE[0]},"b":{_THREE[1]},"c2":{_THREE[2]}}}', _ALL),
    (f"{{{', '.join(_THREE)}}}", _ALL),
    (_rows(_THREE[0]) + _rows(_THREE[1]) + _rows(_THREE[2]), _ALL),
    (_rows(*_THREE[:2]) + " and " + _rows(_THREE[2]), _ALL),
    # text around it
    (f"```json\n{_ASKED}\n```", _ALL),
    (f"Here is the classification:\n```json\n{_ASKED}\n```\nLet me know if I can help.", _ALL),
    (f"{_ASKED}\nAll three are clear.", _ALL),
    (f"{{x}} {_ASKED}", _ALL),
    # ids with a little around them, or escaped
    (_rows(_row(" 472 "), *_THREE[1:]), _ALL),
    (_rows(_row("\\u0034\\u0037\\u0032"), *_THREE[1:]), _ALL),
    # escapes, case, percent
    (_rows(_row(472, "b\\u0069lling"), *_THREE[1:]), _ALL),
    (_rows(_row(472, "BILLING"), _row(815, "Technical"), _row(306, " account ")), _ALL),
    (_rows(_row(472, "billing", '"90%"'), _row(815, "technical", 90), _THREE[2]), _ALL),
    # missing ones
    (_rows(*_THREE[:2]), (_B9, _T9, "missing")),
    (_rows(*_THREE[1:]), ("missing", _T9, _A9)),
    (_rows(_THREE[1]), ("missing", _T9, "missing")),
    (_rows(), ("missing",) * 3),
    ("{}", ("missing",) * 3),
    (_ASKED.replace('"r"', '"c"'), ("missing",) * 3),
    (_rows(_THREE[0], "null", "7", '"815"', "[]", "{}"), (_B9, "missing", "missing")),
    # nobody's: ids that are invented, or none at all
    (_rows(*_THREE, _row(999)), _ALL),
    (_rows(*_THREE, _row("T-1"), _row("")), _ALL),
    (_rows(*_THREE, _row(4720), _row(47), _row(-472)), ("contradicting", _T9, _A9)),
    (_rows(_THREE[0], _row(999, "technical")), (_B9, "missing", "missing")),
    (_rows('{"c":"billing","p":0.9}', '{"c":"technical","p":0.9}'), ("missing",) * 3),
    ('{"category":"billing","confidence":0.9}', ("missing",) * 3),
    (_rows(*_THREE, '{"c":"billing","p":0.9}'), _ALL),
    (_rows(_THREE[0], '{"i":null,"c":"account","p":1}'), (_B9, "missing", "missing")),
    (_rows(_THREE[0], '{"i":true,"c":"account","p":1}'), (_B9, "missing", "missing")),
    (_rows(_THREE[0], '{"i":[815],"c":"account","p":1}'), (_B9, "missing", "missing")),
    (_rows(_THREE[0], '{"i":815.0,"c":"account","p":1}'), (_B9, "missing", "missing")),
    (_rows(_THREE[0], '{"i":"0815","c":"account","p":1}'), (_B9, "missing", "missing")),
    (
        f'{{"472":{{"c":"billing","p":0.9}},"815":{_THREE[1]}}}',
        ("missing", "contradicting", "missing"),
    ),
    # doubled ones
    (_rows(*_THREE, _THREE[0]), _ALL),
    (_rows(*_THREE, _row(472, "billing", 0.4)), (Verdict("billing", 0.4), _T9, _A9)),
    (_rows(*_THREE, _row(472, "account")), ("contradicting", _T9, _A9)),
    (_rows(*_THREE, _row("472", "account")), ("contradicting", _T9, _A9)),
    (_rows(*_THREE, _row(472, "sales")), ("not_in_categories", _T9, _A9)),
    (_rows(*_THREE, _row(472, "billing", "null")), ("bad_confidence", _T9, _A9)),
    (_ASKED + _rows(_row(815, "account")), (_B9, "contradicting", _A9)),
    (
        _rows('{"i":472,"c":"billing","p":0.9,"c":"account"}', *_THREE[1:]),
        ("contradicting", _T9, _A9),
    ),
    (_rows('{"i":472,"i":815,"c":"billing","p":0.9}', _THREE[2]), ("missing", "missing", _A9)),
    (
        _rows('{"i":472,"id":815,"c":"billing","p":0.9}', *_THREE[1:]),
        ("missing", "contradicting", _A9),
    ),
    (_rows('{"i":472,"i":472,"c":"billing","p":0.9}', *_THREE[1:]), _ALL),
    # one bad, the others good
    (_rows(_row(472, "sales"), *_THREE[1:]), ("not_in_categories", _T9, _A9)),
    (_rows(_row(472, "billing, technical"), *_THREE[1:]), ("not_in_categories", _T9, _A9)),
    (_rows('{"i":472,"c":null,"p":0.9}', *_THREE[1:]), ("not_in_categories", _T9, _A9)),
    (_rows('{"i":472,"p":0.9}', *_THREE[1:]), ("missing", _T9, _A9)),
    (_rows('{"i":472,"c":"billing"}', *_THREE[1:]), ("bad_confidence", _T9, _A9)),
    (_rows(_row(472, "billing", "NaN"), *_THREE[1:]), ("bad_confidence", _T9, _A9)),
    (_rows(_row(472, "billing", -1), *_THREE[1:]), ("bad_confidence", _T9, _A9)),
    (_rows(_row(472, "billing", '"high"'), *_THREE[1:]), ("bad_confidence", _T9, _A9)),
    # broken ones: they spoil themselves, and whoever they may speak of
    (_rows("{'i':472,'c':'billing','p':0.9}", *_THREE[1:]), ("missing", _T9, _A9)),
    (_rows('{"i":472,"c":"billing","p":.9}', *_THREE[1:]), ("missing", _T9, _A9)),
    (_rows('{"i":472,"c":"billing","p":0.9', *_THREE[1:]), ("missing", _T9, _A9)),
    (_rows('{"i":472,"c":"bil\nling","p":0.9}', *_THREE[1:]), ("missing", _T9, _A9)),
    (_rows('"i":472,"c":"billing","p":0.9}', *_THREE[1:]), ("missing", _T9, _A9)),
    (_rows(*_THREE, '{"i":472,"c":"account",}'), ("contradicting", _T9, _A9)),
    (_rows(*_THREE, "{'i':'472','c':'account'}"), ("contradicting", _T9, _A9)),
    (
        _rows(*_THREE, '{"\\u0069":"\\u0034\\u0037\\u0032","c":"account",}'),
        ("contradicting", _T9, _A9),
    ),
    (_rows(*_THREE, '{"c":"account",}'), _ALL),
    (_ASKED + " 472 is account, really", ("contradicting", _T9, _A9)),
    (
        _rows('{"i":472,"c":"billing","p":0.9,"also":{"c":"account"}}', *_THREE[1:]),
        ("contradicting", _T9, _A9),
    ),
    (
        _rows('{"i":472,"c":"billing","p":0.9,"see":{"i":815}}', *_THREE[1:]),
        (_B9, "contradicting", _A9),
    ),
    (
        _rows(f'{{"i":472,"c":"billing","p":0.9,"next":{_THREE[1]}}}', _THREE[2]),
        ("contradicting", "missing", _A9),
    ),
    (
        _rows('{"i":472,"c":"billing","p":0.9,"i":815,"c":"technical","p":0.9}', _THREE[2]),
        ("missing", "missing", _A9),
    ),
    # cut
    (_ASKED[:-1], _ALL),
    (_ASKED[:-3], (_B9, _T9, "missing")),
    (_ASKED[: _ASKED.index("306") + 2], (_B9, _T9, "missing")),
    (_ASKED[: _ASKED.index("technical") + 4], (_B9, "missing", "missing")),
    (_ASKED[:10], ("not_json",) * 3),
    (_rows(*_THREE) + '{"i":306,"c":"bil', (_B9, _T9, "contradicting")),
    # nothing at all
    ("", ("empty",) * 3),
    (" \n", ("empty",) * 3),
    ("472: billing, 815: technical, 306: account", ("not_json",) * 3),
    ("[472, 815, 306]", ("not_json",) * 3),
    ('["billing", "technical", "account"]', ("not_json",) * 3),
    (_ASKED + "{" * 300, ("not_json",) * 3),
    (_ASKED + " " * 60_000, ("not_json",) * 3),
]
