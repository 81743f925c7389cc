"""Answers written by hand: what a model, or a broken connection, can give, and what it means."""

from streams.classify.answer import Reason, Verdict

ALLOWED = ("billing", "technical", "product_feedback", "account", "unknown")

_B9 = Verdict("billing", 0.9)
_T9 = Verdict("technical", 0.9)
_P9 = Verdict("product_feedback", 0.9)
_PLAIN = '{"category": "billing", "confidence": 0.9}'


def _confidence(literal: str) -> str:
    return '{"category": "billing", "confidence": ' + literal + "}"


def _category(literal: str) -> str:
    return '{"category": ' + literal + ', "confidence": 0.9}'


READABLE: list[tuple[str, Verdict]] = [
    # as asked for
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
    ('{"id": "T-1", "category": "billing", "confidence": 0.9}', _B9),
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
    # no category, or none of ours
    ("{}", "not_in_categories"),
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
    # hostile
    ("{" * 1_000, "not_json"),
    ("{" * 1_000 + _PLAIN, "not_json"),
    ('{"a":' * 9_000, "not_json"),
    ('{"category":' * 4_000, "not_json"),
    ("[" * 49_000, "not_json"),
    (" " * 60_000 + _PLAIN, "not_json"),
    (_PLAIN + "{" * 200, "not_json"),
    (_confidence("9" * 5_000), "not_json"),
]
