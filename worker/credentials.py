"""Passwords and tokens: made here, kept as hashes only.

A password is guessable, so it is hashed with argon2id at the parameters of RFC 9106 (64 MiB, the
library's defaults). A token holds 256 random bits, which nobody guesses: one SHA-256 of it is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_PASSWORD = 12  # characters
_TOKEN_BYTES = 32
_API_PREFIX = "pn_"  # so that secret scanners, and people, know one when they see it


def hash_password(password: str) -> str:
    """Hash a password with a salt of its own, in the PHC text form."""
    return PasswordHasher().hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Say whether a password is the one that was hashed; it takes as long when nothing was.

    Args:
        password: as it was typed.
        hashed: as ``hash_password`` gave it, or None for a person who is not known or has none:
            the answer is then no, and its time does not tell that there is no such person.
    """
    nothing = _hash_of_nothing()  # made at the first call, whoever that is about
    try:
        matches = PasswordHasher().verify(hashed or nothing, password)
    except (VerificationError, InvalidHashError):
        return False
    return matches and hashed is not None


def new_session_token() -> str:
    """Make the secret of one login."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def new_api_token() -> str:
    """Make a secret for a program."""
    return _API_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def token_digest(token: str) -> str:
    """Give what is kept of a token: 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """Derive what a page's own forms carry: no other site knows it, nor does it tell the secret."""
    return hashlib.sha256(b"csrf:" + session_token.encode()).hexdigest()


@cache
def _hash_of_nothing() -> str:
    return hash_password(secrets.token_urlsafe(_TOKEN_BYTES))
