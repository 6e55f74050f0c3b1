from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from worker.credentials import (
    csrf_token,
    hash_password,
    is_password,
    new_api_token,
    new_session_token,
    token_digest,
)


@pytest.fixture
def as_in_use(monkeypatch):
    monkeypatch.setattr("worker.credentials.PasswordHasher", PasswordHasher)


@pytest.mark.usefixtures("as_in_use")
def test_a_password_is_hashed_with_argon2id_at_the_cost_that_rfc_9106_asks_for():
    hashed = hash_password("a good long password")

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert is_password("a good long password", hashed)


def test_no_two_hashes_of_a_password_are_alike():
    assert hash_password("a good long password") != hash_password("a good long password")


@pytest.mark.parametrize("hashed", [None, "", "no hash at all"])
def test_without_a_sound_hash_nobody_gets_in(hashed):
    assert not is_password("", hashed)
    assert not is_password("a good long password", hashed)


def test_tokens_hold_256_random_bits_and_tell_nothing_of_each_other():
    session, program = new_session_token(), new_api_token()

    assert len(session) >= 43
    assert program.startswith("pn_")
    assert new_session_token() != session
    assert session not in token_digest(session)
    assert len({csrf_token(session), token_digest(session), session}) == 3
