from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.types import Hint
from segmentation.template import format_template
from tests.checkpoints import save_untrained
from tests.database import rows
from tests.factories import make_image, make_template
from tests.scans import encode
from worker.config import read_settings
from worker.document_images import DecodeLimits
from worker.errors import ConfigError
from worker.models import promote
from worker.runtime import (
    decode_limits,
    load_catalog,
    load_recognizer,
    open_run,
    open_sources,
    templates_version,
)
from worker.types import GREEDY


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_untrained(tmp_path_factory.mktemp("model") / "untrained.safetensors")


def test_limits_come_from_the_settings():
    settings = read_settings(max_pages=3, max_page_mpx=12.5)

    assert decode_limits(settings) == DecodeLimits(max_pages=3, max_page_mpx=12.5)


def test_a_catalog_holds_every_template_of_its_folders(template_folder, forms):
    catalog, _ = load_catalog([template_folder])

    found = [form.template.template_id for form in catalog.forms]
    assert found == sorted(template.template_id for template in forms.templates)


def test_a_device_that_is_not_there_is_a_wrong_setting(checkpoint):
    with pytest.raises(ConfigError, match="'cuda:77' cannot be used"):
        load_recognizer(read_settings(checkpoint=checkpoint, device="cuda:77"))


def test_the_version_of_templates_changes_with_any_of_them_and_not_with_their_order():
    first, second = make_template(), make_template(template_id="school", version="cccccccccccc")

    version = templates_version([first, second])

    assert version == templates_version([second, first])
    others = [
        [first],
        [first, replace(second, version="dddddddddddd")],
        [first, replace(second, template_id="office")],
        [first, replace(second, page_index=1)],
    ]
    assert len({version, *map(templates_version, others)}) == 5
    assert len(version) == 12


def settings_of(checkpoint, folder, **changes):
    return read_settings(
        database_url=f"sqlite:///{folder}/penname.db",
        store=str(folder / "store"),
        checkpoint=checkpoint,
        segment_processes=1,
        **changes,
    )


def run_of(settings, template_folder):
    return open_run(
        settings,
        template_folders=[template_folder],
        sources=open_sources(settings),
        batch="autumn",
        on_progress=lambda _: None,
    )


def opened_with(text, *, template_folder, checkpoint, tmp_path):
    (tmp_path / "thresholds.toml").write_text(text)
    settings = settings_of(checkpoint, tmp_path, thresholds=tmp_path / "thresholds.toml")
    return run_of(settings, template_folder)


def test_a_run_obeys_the_thresholds_that_were_picked_for_its_model(
    template_folder, checkpoint, tmp_path
):
    model_id = load_recognizer(read_settings(checkpoint=checkpoint)).model_id
    text = f'model = "{model_id}"\n[fields.clinic]\nfull_name = 0.97\n'

    with opened_with(
        text, template_folder=template_folder, checkpoint=checkpoint, tmp_path=tmp_path
    ) as run:
        assert run.thresholds.least("clinic", "full_name", default=run.review_below) == 0.97
        assert run.thresholds.least("clinic", "guardian", default=run.review_below) == 0.85


def test_thresholds_of_another_model_are_refused(template_folder, checkpoint, tmp_path):
    run = opened_with(
        'model = "0123456789ab"\n',
        template_folder=template_folder,
        checkpoint=checkpoint,
        tmp_path=tmp_path,
    )

    with pytest.raises(ConfigError, match="picked for model 0123456789ab"), run:
        pytest.fail("thresholds of another model were taken")


def test_thresholds_of_another_decoder_are_refused(template_folder, checkpoint, tmp_path):
    run = opened_with(
        'decoder = "greedy"\n',  # the run weighs the prior
        template_folder=template_folder,
        checkpoint=checkpoint,
        tmp_path=tmp_path,
    )

    with pytest.raises(ConfigError, match="model any with decoder greedy"), run:
        pytest.fail("thresholds of another decoder were taken")


@pytest.fixture
def listed_folder(forms, tmp_path):
    """A template whose fields want the list ``surnames``."""
    template = forms.templates[0]
    fields = [replace(spec, lexicon="surnames") for spec in template.fields]
    folder = tmp_path / "listed"
    folder.mkdir()
    (folder / "blank.png").write_bytes(encode(template.image, "PNG"))
    (folder / "template.toml").write_text(
        format_template(template_id="listed", dpi=template.dpi, fields=fields)
    )
    return folder


def test_a_list_that_is_not_installed_ends_the_run_before_anything_is_opened(
    listed_folder, checkpoint, tmp_path
):
    settings = settings_of(checkpoint, tmp_path, lexicon_dir=tmp_path / "lists")

    with (
        pytest.raises(ConfigError, match=r"surnames\.csv or .*surnames\.txt is missing"),
        run_of(settings, listed_folder),
    ):
        pass

    assert not (tmp_path / "penname.db").exists()


def test_a_run_holds_the_lists_of_its_templates_and_is_known_by_the_names_it_weighs(
    listed_folder, checkpoint, tmp_path
):
    (tmp_path / "surnames.txt").write_text("MARTIN\n")
    known = []
    for prior in (True, False):
        settings = settings_of(checkpoint, tmp_path, lexicon_dir=tmp_path, name_prior=prior)
        with run_of(settings, listed_folder) as run:
            known.append(run.identity.decoder_version)
            (reading,) = run.recognizer.read([make_image()], [Hint(lexicon="surnames")])
            assert reading.model_id == run.identity.model_id

    assert len(set(known)) == 2
    assert GREEDY not in known


def test_a_run_without_names_reads_the_ink_alone(template_folder, checkpoint, tmp_path):
    with run_of(settings_of(checkpoint, tmp_path, name_prior=False), template_folder) as run:
        assert run.identity.decoder_version == GREEDY
        (reading,) = run.recognizer.read([make_image()])

    assert reading.text == reading.raw_text


def test_a_run_is_registered_with_its_model_its_templates_and_its_batch(
    template_folder, forms, checkpoint, tmp_path
):
    with run_of(settings_of(checkpoint, tmp_path), template_folder) as run:
        (model,) = rows(run.sessions, "SELECT model_id, sha256, config FROM models")
        templates = rows(run.sessions, "SELECT template_id FROM templates")
        batches = rows(run.sessions, "SELECT name FROM batches")

    assert run.identity.model_id == model["model_id"] == run.recognizer.model_id
    assert model["sha256"].startswith(model["model_id"])
    assert "alphabet" in model["config"]
    assert {row["template_id"] for row in templates} == {t.template_id for t in forms.templates}
    assert [row["name"] for row in batches] == ["autumn"]
    assert run.pool.processes == 1


def test_a_run_reads_with_the_promoted_model_and_registers_it(
    template_folder, checkpoint, tmp_path
):
    promoted = promote(tmp_path / "models", checkpoint, force=True)
    settings = read_settings(
        database_url=f"sqlite:///{tmp_path}/penname.db",
        store=str(tmp_path / "store"),
        model_dir=tmp_path / "models",
        name_prior=False,
        segment_processes=1,
    )

    with open_run(
        settings,
        template_folders=[template_folder],
        sources=open_sources(settings),
        batch="autumn",
        on_progress=lambda _: None,
    ) as run:
        (model,) = rows(run.sessions, "SELECT model_id, sha256 FROM models")

    assert run.identity.model_id == run.recognizer.model_id == promoted
    assert model["model_id"] == promoted
    assert model["sha256"].startswith(promoted)
