from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.checkpoint import RELEASE
from tests.checkpoints import save_untrained
from tests.database import rows
from tests.factories import make_template
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


def test_a_run_is_registered_with_its_model_its_templates_and_its_batch(
    template_folder, forms, checkpoint, tmp_path
):
    settings = read_settings(
        database_url=f"sqlite:///{tmp_path}/penname.db",
        store=str(tmp_path / "store"),
        checkpoint=checkpoint,
        segment_processes=1,
    )

    with open_run(
        settings,
        template_folders=[template_folder],
        sources=open_sources(settings),
        batch="autumn",
        on_progress=lambda _: None,
    ) as run:
        (model,) = rows(run.sessions, "SELECT model_id, sha256, config FROM models")
        templates = rows(run.sessions, "SELECT template_id FROM templates")
        batches = rows(run.sessions, "SELECT name FROM batches")

    assert run.identity.model_id == model["model_id"] == run.recognizer.model_id
    network, _, prior = model["model_id"].partition("+")
    assert model["sha256"].startswith(network)
    assert prior
    assert "alphabet" in model["config"]
    assert {row["template_id"] for row in templates} == {t.template_id for t in forms.templates}
    assert [row["name"] for row in batches] == ["autumn"]
    assert run.pool.processes == 1


def test_a_run_reads_with_the_promoted_model_and_registers_it(
    template_folder, checkpoint, tmp_path
):
    promoted = promote(tmp_path / "models", checkpoint, in_use=RELEASE, force=True)
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
