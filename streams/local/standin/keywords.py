"""The words by which the stand-in sorts tickets: common sense written down, nothing learnt.

A keyword matches at the start of a word (``refund`` finds "refunded"); one that ends in a space
matches whole words only. Strong words name the matter itself, weak ones only lean towards it.
"""

from typing import NamedTuple


class Words(NamedTuple):
    """Keywords of one category."""

    strong: tuple[str, ...]
    weak: tuple[str, ...]


def _words(strong: str, weak: str) -> Words:
    def split(text: str) -> tuple[str, ...]:
        # "_" at the end of a keyword stands for a space that strip() must not take.
        return tuple(word.strip().replace("_", " ") for word in text.split(",") if word.strip())

    return Words(split(strong), split(weak))


KEYWORDS: dict[str, Words] = {
    "billing": _words(
        strong="""refund, charge, invoice, bill_, bills_, billing, billed, fee_, fees_, payment,
            overcharg, deduct, debit, transaction, withdraw, interest rate, interest, late fee,
            tax_, taxes_, price increase, overdraft, loan, payoff, paying, balance, deposit,
            statement, dispute, wrong amount, cashback, money back""",
        weak="""paid_, pay_, money, cash, cost, subscription, purchase, top up, transfer, dollar,
            amount, bank, credit card, owe, twice, exchange, receipt, extra, debt""",
    ),
    "technical": _words(
        strong="""crash, bug_, bugs_, buggy, error, exception, fail, broken, not work, doesn t work,
            won t, stopped working, stops working, freez, frozen_, fix, stuck, hang_, hangs_, slow_,
            glitch, steps to reproduce, not respond, can t open, doesn t open, not open, not load,
            unable to, timeout, not updat, outdated, install, driver, stack trace, virtual card,
            contactless, isn t work, blank screen, reproduc, not running, work anymore,
            working anymore, doesn t, not sync""",
        weak="""update, upgrade, printer, server, version, software, issue, problem, load, screen,
            reset_, restart, log_, java, test, build, user agent, since the, used to, laptop,
            outlook, skype, cannot, can t, windows, ios_, card is not, working""",
    ),
    "product_feedback": _words(
        strong="""love, great, awesome, amazing, excellent, fantastic, wonderful, perfect, best_,
            easy to use, helpful, useful, recommend, cool_, wish, would be nice, would like to see,
            please add, feature, suggestion, should have, user friendly, addict, enjoy, favorite,
            favourite, fun_, handy, nice_, convenient, stars_, five star, must have,
            thank you for""",
        weak="""app_, easy, good, like_, simple, fast_, quick, add_, option, could, better, need,
            more, improve, keep, well_, design, so much, music, photo, game""",
    ),
    "account": _words(
        strong="""password, passcode, log in, login, sign in, sign up, verify, verif, identity,
            identification, my account, delete my, close my, close account, account closed, freeze_,
            block, locked, address, lost my phone, phone was stolen, stolen, lost phone, my phone,
            profile, username, email, my name, personal details, personal information, old_, age_,
            kids, children, source of funds, identity theft, unlock, my details, mobile number""",
        weak="""account, accounts, change, closing, close, open an, phone, update my, document,
            sync, fraud, pan_, child, old do, years, hold_, register, id_, access, cancel my,
            i moved, proof""",
    ),
}
