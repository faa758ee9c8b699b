"""Prints how likely each way in past the second step is, for docs/security.md, from the limits in the code.

.venv/bin/python scripts/chances.py
"""

import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from heapq import nsmallest
from itertools import combinations, product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from models.accounts.account_policy import AccountPolicy
from models.accounts.authenticator import CODES_AT_ONCE, RECOVERY_ALPHABET, RECOVERY_CODES, RECOVERY_LETTERS
from models.accounts.bars import MOST, WEEK
from models.accounts.login import Kind
from models.accounts.security_code import DIGITS, problem_with

MILLION = 10**6
"""Codes of six digits: those by e-mail and those of an app are any of them."""
FIRST_YEAR, LAST_YEAR = 1940, 1999
"""Of the birthdays that people take for a security code, written DDMMYY."""
GUESSES = MOST[Kind.DIGITS]
NEGLIGIBLE = Fraction(1, 10**9)

Guessed = Callable[[int], Fraction]
"""The chance of the best guesses at so many digits of a security code, on average over the places that may be asked
for. They are the same places at every guess.
"""


@dataclass(frozen=True)
class Way:
    """What somebody has who is not the person, and the chance that they are let past the second step."""

    has: str
    second_step: str
    week: Fraction
    is_stated: Fraction | None = None
    """The most that was promised, where something was."""

    @property
    def day(self) -> Fraction:
        """Nothing keeps anybody from using up a week's guesses in a day."""
        return self.week


@cache
def forbidden() -> list[str]:
    """The security codes that the rules refuse: runs of four, and one digit five or six times."""
    runs = [run for first in range(7) for run in ("0123456789"[first : first + 4], "9876543210"[first : first + 4])]
    with_runs = {f"{n:02}"[:at] + run + f"{n:02}"[at:] for run in runs for n in range(100) for at in range(3)}
    with_five = {(a * 5)[:at] + b + (a * 5)[at:] for a in "0123456789" for b in "0123456789" for at in range(6)}
    return [code for code in sorted(with_runs | with_five) if problem_with(code)]


@cache
def birthdays() -> list[str]:
    """One security code for each day of birth that makes one that the rules allow."""
    first, days = date(FIRST_YEAR, 1, 1), (date(LAST_YEAR + 1, 1, 1) - date(FIRST_YEAR, 1, 1)).days
    codes = (f"{first + timedelta(days=n):%d%m%y}" for n in range(days))
    return [code for code in codes if problem_with(code) is None]


@cache
def of_any_code(asked: int) -> Fraction:
    """Where each code that is allowed is as likely. Of the codes with some digits at some places, those are fewer that
    the rules refuse.
    """
    right, choices = 0, list(combinations(range(DIGITS), asked))
    for places in choices:
        refused = Counter(tuple(code[at] for at in places) for code in forbidden())
        fewest = nsmallest(GUESSES, (refused[answer] for answer in product("0123456789", repeat=asked)))
        right += GUESSES * 10 ** (DIGITS - asked) - sum(fewest)
    return Fraction(right, (MILLION - len(forbidden())) * len(choices))


@cache
def of_a_birthday(asked: int) -> Fraction:
    right, choices = 0, list(combinations(range(DIGITS), asked))
    for places in choices:
        seen = Counter(tuple(code[at] for at in places) for code in birthdays())
        right += sum(count for _, count in seen.most_common(GUESSES))
    return Fraction(right, len(birthdays()) * len(choices))


def one_of(chances: Sequence[Fraction]) -> Fraction:
    """The chance that at least one of them comes true."""
    none = Fraction(1)
    for each in chances:
        none *= 1 - each
    return 1 - none


def guessed(kind: Kind) -> Fraction:
    """The chance of a week's guesses at codes of six digits. One guess after another at the same code is never the same
    again, so that the sum is the most that they come to.
    """
    return Fraction(MOST[kind], MILLION)


def ways(digits: Guessed, asked: int) -> Iterator[Way]:
    mailed, reset, app = guessed(Kind.CODE), guessed(Kind.RESET_CODE), guessed(Kind.APP)
    some, whole = digits(asked), digits(DIGITS)
    passkey = Fraction(MOST[Kind.APP] * RECOVERY_CODES, len(RECOVERY_ALPHABET) ** RECOVERY_LETTERS)
    password, mailbox = Fraction(1, 50_000), Fraction(1, 100)
    yield Way("the e-mail address only", "code by e-mail", reset)
    yield Way("the e-mail address only", "security code", reset * whole)
    yield Way("the e-mail address only", "authenticator app", reset * app)
    yield Way("the e-mail address only", "passkey", reset * passkey)
    yield Way("the password only", "code by e-mail", mailed + reset, password)
    yield Way("the password only", "security code", one_of([mailed * some, reset * whole]), password)
    yield Way("the password only", "authenticator app", app, password)
    yield Way("the password only", "passkey", passkey, password)
    yield Way("the mailbox only", "code by e-mail", Fraction(1))
    yield Way("the mailbox only", "security code", whole, mailbox)
    yield Way("the mailbox only", "authenticator app", app, mailbox)
    yield Way("the mailbox only", "passkey", passkey, mailbox)
    yield Way("the password and the mailbox", "security code", some)
    yield Way("the password and the mailbox", "authenticator app", app)
    yield Way("the password and the mailbox", "passkey", passkey)
    both = 2  # as many guesses there as in a browser that is not known
    yield Way("the password and a browser that is known", "code by e-mail", both * (mailed + reset))
    yield Way("the password and a browser that is known", "security code", one_of([some, mailed * some, reset * whole]))
    yield Way("the password and a browser that is known", "authenticator app", both * app)
    yield Way("the password and a browser that is known", "passkey", both * passkey)


def in_words(chance: Fraction) -> str:
    """1 in 50,000"""
    if chance == 1:
        return "certain"
    if chance < NEGLIGIBLE:
        return "less than 1 in 1,000,000,000"
    return f"1 in {int(1 / chance):,}"


def table() -> str:
    """For both kinds of security code, with as many digits asked for as is usual."""
    asked = AccountPolicy().security_code_positions
    lines = [
        "| Who has | of an account with | in a day | in a week | in a week, if security codes are birthdays |",
        "|---|---|---|---|---|",
    ]
    for even, birthday in zip(ways(of_any_code, asked), ways(of_a_birthday, asked), strict=True):
        last = "the same" if even.week == birthday.week else in_words(birthday.week)
        lines.append(f"| {even.has} | {even.second_step} | {in_words(even.day)} | {in_words(even.week)} | {last} |")
    return "\n".join(lines)


def assumptions() -> str:
    """What the figures rest on."""
    two, three = ([in_words(chance(asked)) for chance in (of_any_code, of_a_birthday)] for asked in (2, 3))
    asked, allowed = AccountPolicy().security_code_positions, MILLION - len(forbidden())
    text = f"""
    In {WEEK.days} days, one account's wrong guesses from all unknown browsers together are compared with
    {MOST[Kind.CODE]} codes that were e-mailed to log in, {MOST[Kind.RESET_CODE]} for a new password, and
    {MOST[Kind.APP]} of an app ({MOST[Kind.APP] // CODES_AT_ONCE} guesses, with {CODES_AT_ONCE} codes taken at any
    moment). Digits of a security code are guessed {GUESSES} times, until the right ones are given in a whole log-in.
    Each known browser has as many guesses for itself. All of a week's guesses may be used in one day. Codes by e-mail
    and of apps are any of {MILLION:,}. Security codes are any of the {allowed:,} that are allowed, or one of the
    {len(birthdays()):,} birthdays DDMMYY from {FIRST_YEAR} to {LAST_YEAR}, all equally likely; the guesser knows which
    of the two, does not know the person's own birthday, and gives the best guesses. A log-in takes {asked} digits and a
    new password all {DIGITS}. A passkey is not guessed, but the {RECOVERY_CODES} recovery codes beside it may be, of 49
    bits each. A new password and the council's unlocking begin all counts
    anew, a whole log-in with the right digits those of digits. Where a log-in takes two digits instead of three,
    {two[0]} and {two[1]} take the place of {three[0]} and {three[1]}.
    """
    return textwrap.fill(" ".join(text.split()), 120)


def page() -> str:
    return f"{table()}\n\n{assumptions()}\n"


if __name__ == "__main__":
    print(page(), end="")
