from __future__ import annotations

from pathlib import Path

import pytest

from worker.config import read_settings
from worker.errors import ConfigError


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_the_embedded_defaults_hold():
    settings = read_settings()

    assert settings.database_url.get_secret_value() == "sqlite:///penname.db"
    assert settings.store == "penname-store"
    assert settings.template_dir == Path("templates")


def test_an_option_wins_over_the_environment_and_that_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "penname.toml").write_text('store = "file"\ndevice = "file"\nmax_pages = 7\n')
    monkeypatch.setenv("PENNAME_STORE", "environment")
    monkeypatch.setenv("PENNAME_DEVICE", "environment")

    settings = read_settings(store="option", checkpoint=None)

    assert (settings.store, settings.device, settings.max_pages) == ("option", "environment", 7)


@pytest.mark.parametrize(("said", "weighed"), [("off", False), ("on", True), ("0", False)])
def test_the_prior_is_turned_on_and_off_in_plain_words(monkeypatch, said, weighed):
    monkeypatch.setenv("PENNAME_NAME_PRIOR", said)

    assert read_settings().name_prior is weighed


def test_all_faults_are_named_at_once_and_no_value_is_shown(monkeypatch):
    monkeypatch.setenv("PENNAME_MAX_PAGES", "secret-0")
    monkeypatch.setenv("PENNAME_REVIEW_BELOW", "7")

    with pytest.raises(ConfigError) as caught:
        read_settings()

    message = str(caught.value)
    assert "max_pages" in message
    assert "review_below" in message
    assert "secret" not in message


def test_a_misspelt_variable_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("PENNAME_DATABSE_URL", "postgresql://user:secret@host/db")

    with pytest.raises(ConfigError, match="PENNAME_DATABSE_URL") as caught:
        read_settings()

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("stoer = 'x'\n", "stoer", id="unknown-key"),
        pytest.param("store = \n", "penname.toml", id="not-toml"),
    ],
)
def test_a_faulty_settings_file_is_refused(tmp_path, text, named):
    (tmp_path / "penname.toml").write_text(text)

    with pytest.raises(ConfigError, match=named):
        read_settings()


def test_a_database_password_is_not_in_the_settings_text():
    settings = read_settings(database_url="postgresql://user:secret@host/db")

    assert "secret" not in repr(settings)
