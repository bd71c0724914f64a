"""
The code in the email, to type in the browser that asked, when the email is read on another machine.

It is not stored: the task that sends it and the view that compares make it from the key, the token's id and the
request's nonce. Link and code are one token with one use.
"""

from collections.abc import Iterator

from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.accounts.models import SignInRequest
from apps.tokens.conf import secret_keys

TRIES = 5
LENGTH = 8
# RFC 8628, section 6.1: nothing to confuse, and no words. 20 to the power of 8 codes, and five tries.
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
MISREAD = str.maketrans("1258", "LZSB")


def code_of(asked: SignInRequest) -> str:
    """Two groups of four, such as BCDF-GHJK."""
    code = _codes_of(asked)[0]
    return f"{code[:4]}-{code[4:]}"


def is_right(asked: SignInRequest, text: str) -> bool:
    """True for the code, in any case and spacing. Counts the try; after five there is no right code any more."""
    # Threat: a guess for each of twenty requests at once. A try is counted, by one UPDATE, before anything is compared.
    counted = SignInRequest.objects.filter(pk=asked.pk, tries__lt=TRIES).update(tries=F("tries") + 1)
    typed = "".join(letter for letter in text[:100].upper().translate(MISREAD) if letter in ALPHABET)
    is_it = any(constant_time_compare(typed, code) for code in _codes_of(asked))
    # The code of a silent request was sent to nobody: whoever types it has guessed it.
    return bool(counted) and is_it and not asked.is_silent


def tries_left(asked: SignInRequest) -> int:
    return TRIES - SignInRequest.objects.values_list("tries", flat=True).get(pk=asked.pk)


def _codes_of(asked: SignInRequest) -> list[str]:
    """By the key, and by the retired ones: a key may be changed while the email is on its way."""
    value = f"{asked.token_id}\0{asked.nonce}"
    digests = [salted_hmac("accounts.code", value, secret=key, algorithm="sha256").digest() for key in secret_keys()]
    return ["".join(_letters(int.from_bytes(digest, "big"))) for digest in digests]


def _letters(number: int) -> Iterator[str]:
    for _ in range(LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        yield ALPHABET[rest]
