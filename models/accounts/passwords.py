"""Passwords: how they are kept, and which ones are refused."""

import re
import secrets
import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from models.accounts.account_policy import policy

MIN_LENGTH = 9
MIN_LENGTH_OF_LONG = 15
LONGEST = 1_000
"""Characters. How long it takes to normalise text grows with the square of its length: a longer one is never read."""
UNLIKELY = 3
"""Of zxcvbn's scores, 0 to 4: more than a hundred million guesses."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # 21 ms and 19 MiB a check
_slots = threading.BoundedSemaphore(2)
"""At most two of them at once: a flood of log-ins takes neither all processors nor all memory from the other pages."""
_of_nobody = _hasher.hash("the password of nobody")

_PLAIN = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_COMMON_WORDS = """
    password passw0rd passwort letmein welcome admin administrator login secret master qwerty qwertyuiop qwert azerty
    asdfgh asdfghjkl zxcvbn zxcvbnm abcdef abcdefgh iloveyou monkey dragon football liverpool arsenal chelsea everton
    sunshine princess superman batman pokemon starwars shadow michael charlie jordan hunter freedom whatever trustno
    summer autumn winter spring january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday durham council county provider portal providerportal
    children childrens foster fostering carer carers controcc payment payments finance changeme temporary test testing
    england london newcastle sunderland
"""
_COMMON = sorted(_COMMON_WORDS.split(), key=lambda word: (-len(word), word))


def hashed(password: str) -> str:
    with _slots:
        return _hasher.hash(_normalised(password))


def matches(password: str, password_hash: str | None) -> bool:
    """Whether it is the password. With no hash the work is done all the same, so that time tells nothing."""
    is_read = len(password) <= LONGEST
    try:
        with _slots:
            is_right = _hasher.verify(password_hash or _of_nobody, _normalised(password[:LONGEST]))
            return is_right and is_read and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)


def rules() -> list[str]:
    """What a password must be, for the page on which one is chosen."""
    if policy().long_passwords:
        return [f"at least {MIN_LENGTH_OF_LONG} characters, for example four words that do not belong together"]
    return [f"at least {MIN_LENGTH} characters", "lower-case and upper-case letters", "numbers", "symbols, like ! or -"]


def problem_with(password: str, *, about: tuple[str, ...] = ()) -> str | None:
    """Why this cannot be somebody's password: all that is wrong, in words for that person. `about` is their name and
    e-mail address.
    """
    if len(password) > LONGEST:
        return f"Use at most {LONGEST:,} characters"
    password = _normalised(password)
    problems = [_breaks_the_policy(password)]
    if any(len(part) > 3 and part in password.lower() for text in about for part in re.split(r"\W+", text.lower())):
        problems.append("Your password must not contain your name or e-mail address")
    elif not any(problems) and _is_easy(password):
        problems.append(EASY)
    return ". ".join(filter(None, problems)) or None


EASY = "This password is easy to guess. Choose another one, for example three words that do not belong together"


def _is_easy(password: str) -> bool:
    return _is_made_of_common_words(password) or zxcvbn(password[:72], user_inputs=_COMMON)["score"] < UNLIKELY


def made_up() -> str:
    """A random password of 18 characters that keeps every policy: 90 bits, and no letter that is read for another."""
    groups = ["".join(secrets.choice(_PLAIN) for _ in range(5)) for _ in range(3)]
    groups[0] = groups[0][:2] + secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") + secrets.choice("23456789") + groups[0][4]
    return "-".join(groups) + secrets.choice("abcdefghjkmnpqrstuvwxyz")


def _breaks_the_policy(password: str) -> str | None:
    """All that is missing: "Use at least 9 characters, upper-case letters and numbers"."""
    is_long = policy().long_passwords
    shortest = MIN_LENGTH_OF_LONG if is_long else MIN_LENGTH
    missing = [] if len(password) >= shortest else [f"at least {shortest} characters"]
    if not is_long:
        missing += [words for words, kind in _KINDS.items() if not any(map(kind, password))]
    if not missing:
        return None
    *first, last = missing
    return f"Use {', '.join(first)} and {last}" if first else f"Use {last}"


_KINDS = {
    "lower-case letters": str.islower,
    "upper-case letters": str.isupper,
    "numbers": str.isdigit,
    "symbols, like ! or -": lambda character: not character.isalnum(),
}


def _normalised(password: str) -> str:
    """The same characters however a keyboard composes them: é is one letter, or e and an accent."""
    return unicodedata.normalize("NFC", password)


def _is_made_of_common_words(password: str) -> bool:
    """Whether it is one or some of them with little hung on: "P@ssw0rd123!" is "password"."""
    plain = password.lower().translate(str.maketrans("@$!01345", "asioleas"))
    letters = re.sub(r"[^a-z]", "", plain)
    others = re.sub("|".join(_COMMON), "", letters)
    return 5 * len(others) <= 2 * len(letters)
