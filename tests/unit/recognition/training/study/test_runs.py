from __future__ import annotations

import resource
from dataclasses import replace

import numpy as np
import pytest
import torch

from recognition.errors import StudyError, StudyFault
from recognition.training.steps import save_state
from recognition.training.study.records import claimed_folder, read_run, write_run
from recognition.training.study.runs import (
    STATE,
    count_parameters,
    epoch_batches,
    load_weights,
    run,
    run_folder,
    sized,
)
from recognition.training.study.tasks import open_task
from recognition.training.study.types import Budget, Kind, StudySettings
from tests.unit.recognition.training.study import outcomes
from tests.unit.recognition.training.study.drawn import write_mnist


@pytest.fixture
def settings(tmp_path):
    write_mnist(tmp_path / "data", learned=40, tested=20)
    return StudySettings(
        kind=Kind.MNIST,
        data=tmp_path / "data",
        out=tmp_path / "out",
        seeds=(1,),
        budget=Budget(
            parameters=1500, epochs=2, batch=8, learning_rate=3e-3, train_limit=32, test_limit=20,
            measures=3,
        ),
    )  # fmt: skip


def nothing(_done, _loss):
    pass


def claim(folder, **settings):
    with claimed_folder(folder, settings):
        pass


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("number", [0, 3], ids=["rnn", "crnn"])
def test_a_run_that_was_stopped_ends_like_one_that_was_not(settings, tmp_path, number):
    task = open_task(settings)
    contestant = task.contestants[number]
    steps = []

    def stop(done, _loss):
        steps.append(done)
        if done > 0.8:
            raise StoppedError

    whole = run(
        contestant, task, replace(settings, out=tmp_path / "whole"), seed=1, on_step=nothing
    )
    with pytest.raises(StoppedError):
        run(contestant, task, settings, seed=1, on_step=stop)
    assert (run_folder(settings.out, contestant, 1) / STATE).is_file()
    before = len(steps)
    parted = run(contestant, task, settings, seed=1, on_step=lambda *now: steps.append(now[0]))

    assert parted.curve == whole.curve
    assert np.array_equal(parted.outcome.confusion, whole.outcome.confusion)
    assert len(steps) - before < 5  # it did not begin anew
    assert len(whole.curve) == 3
    assert whole.curve[-1].items == 64


def test_a_run_that_is_done_is_only_read_again(settings):
    task = open_task(settings)
    first = run(task.contestants[0], task, settings, seed=1, on_step=nothing)

    steps = []

    again = run(
        task.contestants[0], task, settings, seed=1, on_step=lambda done, _loss: steps.append(done)
    )

    assert steps == [1.0]
    assert again.curve == first.curve
    assert np.array_equal(again.outcome.edits, first.outcome.edits)
    assert not (run_folder(settings.out, task.contestants[0], 1) / STATE).exists()


def test_a_state_that_is_damaged_is_named(settings):
    task = open_task(settings)
    folder = run_folder(settings.out, task.contestants[0], 1)
    folder.mkdir(parents=True)
    (folder / STATE).write_bytes(b"no state")

    with pytest.raises(StudyError, match=f"{STATE} is damaged; remove it"):
        run(task.contestants[0], task, settings, seed=1, on_step=nothing)


def test_weights_of_another_network_are_refused(settings):
    task = open_task(settings)
    one = task.contestants[0]
    run(one, task, settings, seed=1, on_step=nothing)

    load_weights(run_folder(settings.out, one, 1), sized(one, settings.budget.parameters))
    with pytest.raises(StudyError, match="another version of penname; remove"):
        load_weights(run_folder(settings.out, one, 1), sized(one, 2 * settings.budget.parameters))


def test_a_loss_that_is_not_finite_ends_the_run_and_names_it(settings):
    task = open_task(settings)
    wild = replace(settings.budget, learning_rate=1e30, clip_norm=1e30)

    with pytest.raises(StudyError, match="CNN, seed 1: the loss is not finite") as ended:
        run(task.contestants[2], task, replace(settings, budget=wild), seed=1, on_step=nothing)

    assert ended.value.fault is StudyFault.LOSS_NOT_FINITE


def test_every_network_is_as_large_as_the_budget_allows_and_no_larger(settings):
    for contestant in open_task(settings).contestants:
        count = count_parameters(sized(contestant, 40_000))

        assert 0.7 * 40_000 < count <= 40_000, contestant.name

    with pytest.raises(StudyError, match="the budget is 10"):
        sized(contestant, 10)


def test_an_epoch_holds_each_item_once_in_an_order_of_its_own():
    widths = np.random.default_rng(1).integers(20, 200, 300)

    batches = epoch_batches(widths, 8, seed=1, epoch=0)

    assert np.array_equal(np.sort(np.concatenate(batches)), np.arange(300))
    spread = np.mean([np.ptp(widths[batch]) for batch in batches])
    assert spread < 0.3 * np.ptp(widths)  # lines of a batch are of like width
    again, other = (epoch_batches(widths, 8, seed=1, epoch=e) for e in (0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))
    assert not np.array_equal(np.concatenate(batches), np.concatenate(other))


def test_a_run_is_kept_whole(tmp_path):
    kept = outcomes.run("RNN", 2, outcomes.outcome([0, 1]))
    write_run(tmp_path, kept)

    found = read_run(tmp_path)

    assert found is not None
    assert (found.contestant, found.seed, found.curve) == ("RNN", 2, kept.curve)
    assert np.array_equal(found.outcome.confusion, kept.outcome.confusion)
    assert found.outcome.labels == ("A", "B")


@pytest.mark.parametrize("damage", ["run.json", "outcome.npz"])
def test_a_run_that_is_damaged_is_named(tmp_path, damage):
    write_run(tmp_path, outcomes.run("RNN", 2, outcomes.outcome([0, 1])))
    (tmp_path / damage).write_bytes(b"{}")

    with pytest.raises(StudyError, match="is damaged; remove it"):
        read_run(tmp_path)


def test_a_folder_belongs_to_one_study(tmp_path):
    for _ in range(2):
        claim(tmp_path / "out", epochs=3, batch=8)

    with pytest.raises(StudyError, match="holds a study of epochs 3, not 4"):
        claim(tmp_path / "out", epochs=4, batch=8)

    (tmp_path / "out" / "study.json").write_text("[]")
    with pytest.raises(StudyError, match=r"study\.json is damaged"):
        claim(tmp_path / "out", epochs=4)


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "report.md").write_text("mine")

    with pytest.raises(StudyError, match="holds other files") as refused:
        claim(tmp_path, epochs=3)
    with pytest.raises(StudyError, match="is a file"):
        claim(tmp_path / "report.md", epochs=3)

    assert refused.value.fault is StudyFault.FOLDER_TAKEN
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_two_studies_at_once_do_not_share_a_folder(tmp_path):
    with (
        claimed_folder(tmp_path, {"epochs": 3}),
        pytest.raises(StudyError, match="another study is at work") as refused,
    ):
        claim(tmp_path, epochs=3)

    assert refused.value.fault is StudyFault.FOLDER_BUSY
    claim(tmp_path, epochs=3)  # the first one has ended


def test_state_that_finds_no_room_is_a_fault_of_the_disk_and_the_old_state_stays(tmp_path):
    path = tmp_path / STATE
    save_state(path, {"step": 1})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_state(path, {"weights": torch.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert torch.load(path) == {"step": 1}
