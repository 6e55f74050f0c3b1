from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from worker.celery_app import app, configuration, queue_name, queues_of
from worker.config import read_settings
from worker.errors import ConfigError
from worker.types import Stage

ROOT = Path(__file__).parents[3]


def test_the_settings_that_keep_documents_safe_reach_celery():
    settings = read_settings(broker_url="redis://broker:6379/3", redeliver_after_s=700)
    set_up = configuration(settings)

    assert set_up["broker_url"] == "redis://broker:6379/3"
    assert set_up["broker_transport_options"]["visibility_timeout"] == 700
    assert set_up["visibility_timeout"] == 700
    assert set_up["accept_content"] == ["json"]
    assert set_up["task_acks_late"]
    assert not set_up["task_reject_on_worker_lost"]
    assert set_up["task_soft_time_limit"] < set_up["task_time_limit"] < 700
    assert {queue.name for queue in set_up["task_queues"]} == {
        "segment",
        "segment.urgent",
        "recognize",
        "recognize.urgent",
    }


def test_the_effective_values_are_those_that_were_set():
    wanted = configuration(read_settings())

    assert app.conf.worker_disable_prefetch == wanted["worker_disable_prefetch"]
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.task_ignore_result is True
    assert app.conf.worker_proc_alive_timeout == 120.0
    connection = app.connection()
    assert connection.transport_options["unacked_restore_interval"] == 5
    assert connection.transport_options["global_keyprefix"] == "penname:"


def test_every_setting_is_one_that_celery_knows():
    for name in configuration(read_settings()):
        assert hasattr(app.conf, name), name


@pytest.mark.parametrize(
    "limits",
    [
        {"task_soft_limit_s": 300, "task_hard_limit_s": 300},
        {"task_hard_limit_s": 900, "redeliver_after_s": 900},
        {"lease_s": 240},
    ],
    ids=["soft and hard", "hard and redelivery", "lease and soft"],
)
def test_limits_that_would_end_work_while_it_goes_well_are_refused(limits):
    with pytest.raises(ConfigError, match="want"):
        read_settings(**limits)


def test_a_worker_kept_free_for_urgent_work_listens_to_nothing_else():
    assert queues_of(Stage.SEGMENT, urgent_only=True) == ("segment.urgent",)
    assert queues_of(Stage.SEGMENT, urgent_only=False) == ("segment.urgent", "segment")
    assert queue_name(Stage.RECOGNIZE, urgent=False) == "recognize"


def loaded_by(code):
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
    return set(
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()  # noqa: S603, our own code
    )


def test_the_parent_of_a_pool_loads_neither_opencv_nor_torch():
    loaded = loaded_by("import worker.tasks; worker.tasks.app.tasks")

    assert "worker.tasks" in loaded
    assert not {"cv2", "torch"} & loaded


def test_submitting_and_looking_load_no_torch():
    loaded = loaded_by(
        "import worker.submitting, worker.batches, worker.cli.batch, worker.cli.submit, "
        "worker.weights, recognition.header as h; h.read_header(h.RELEASE)"
    )

    assert "worker.submitting" in loaded
    assert "torch" not in loaded
