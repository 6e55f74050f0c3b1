"""What is left to do is counted at what it costs, and told as Prometheus reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from worker.database.workload import DocumentGroup, Workload
from worker.metrics import Costs, measured_costs, metrics_text, outstanding
from worker.types import DocumentStatus

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
GUESS = Costs(segment_s=1.0, crops=4.0, recognize_s=0.1)


def group(status: DocumentStatus, count: int, **changes: Any) -> DocumentGroup:
    return DocumentGroup(
        **{
            "identity": ("t1", "m1", "d1"),
            "status": status,
            "count": count,
            "crops": 0,
            "cut": 0,
            "segment_s": 0.0,
            "segment_timed": 0,
            "recognize_s": 0.0,
            "crops_timed": 0,
            **changes,
        }
    )


def read(count: int, *, segment_s: float, crops: int, recognize_s: float, **changes: Any):
    """Documents that were read, at these costs each."""
    return group(
        DocumentStatus.DONE,
        count,
        crops=crops * count,
        cut=count,
        segment_s=segment_s * count,
        segment_timed=count,
        recognize_s=recognize_s * crops * count,
        crops_timed=crops * count,
        **changes,
    )


def workload(**changes: Any) -> Workload:
    return Workload(
        **{
            "at": AT,
            "groups": (),
            "documents": {},
            "failures": {},
            "oldest": None,
            "put_off": 0,
            "overdue": 0,
            "workers": {},
            **changes,
        }
    )


def values(page: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_what_a_worker_has_in_hand_counts_as_much_as_what_waits():
    waiting = outstanding([group(DocumentStatus.PENDING, 6)], GUESS)
    in_hand = outstanding(
        [group(DocumentStatus.PENDING, 2), group(DocumentStatus.SEGMENTING, 4)], GUESS
    )

    assert waiting == in_hand
    assert waiting.cpu_s == pytest.approx(6.0)
    assert waiting.gpu_s == pytest.approx(6 * 4 * 0.1)
    assert waiting.documents == 6


def test_what_is_cut_needs_the_device_only_and_for_its_own_crops():
    left = outstanding(
        [
            group(DocumentStatus.SEGMENTED, 3, crops=30, cut=3),
            group(DocumentStatus.RECOGNIZING, 1, crops=5, cut=1),
        ],
        GUESS,
    )

    assert left.cpu_s == 0
    assert left.gpu_s == pytest.approx(3.5)
    assert left.documents == 4


def test_documents_cost_what_documents_that_are_read_alike_have_cost():
    other = {"identity": ("t2", "m1", "d1")}
    left = outstanding(
        [
            group(DocumentStatus.PENDING, 10),
            read(5, segment_s=0.5, crops=2, recognize_s=0.01),
            group(DocumentStatus.PENDING, 10, **other),
            read(5, segment_s=3.0, crops=20, recognize_s=0.01, **other),
        ],
        GUESS,
    )

    assert left.cpu_s == pytest.approx(10 * 0.5 + 10 * 3.0)
    assert left.gpu_s == pytest.approx(10 * 2 * 0.01 + 10 * 20 * 0.01)


@pytest.mark.parametrize(
    "status",
    [
        DocumentStatus.DONE,
        DocumentStatus.NEEDS_REVIEW,
        DocumentStatus.FAILED,
        DocumentStatus.CANCELLED,
        DocumentStatus.DUPLICATE,
    ],
)
def test_what_is_finished_is_no_work(status):
    assert outstanding([group(status, 9)], GUESS).documents == 0


def test_what_was_not_measured_is_guessed():
    costs = measured_costs([group(DocumentStatus.DONE, 2, segment_s=3.0, segment_timed=2)], GUESS)

    assert costs == Costs(segment_s=1.5, crops=4.0, recognize_s=0.1)


def test_prometheus_reads_the_page():
    page = metrics_text(
        workload(
            groups=(
                group(DocumentStatus.PENDING, 10),
                read(5, segment_s=0.5, crops=2, recognize_s=0.01),
            ),
            documents={DocumentStatus.PENDING: 10, DocumentStatus.DONE: 5},
            failures={"damaged_document": 2},
            oldest=AT - timedelta(seconds=90),
            put_off=3,
            overdue=1,
            workers={"segment": 4},
        )
    )

    found = values(page)

    assert found["penname_outstanding_cpu_seconds", ()] == pytest.approx(5.0)
    assert found["penname_outstanding_gpu_seconds", ()] == pytest.approx(0.2)
    assert found["penname_outstanding_documents", ()] == 10
    assert found["penname_oldest_document_age_seconds", ()] == 90
    assert found["penname_documents_put_off", ()] == 3
    assert found["penname_leases_overdue", ()] == 1
    assert found["penname_segment_seconds_per_document", ()] == pytest.approx(0.5)
    assert found["penname_recognize_seconds_per_crop", ()] == pytest.approx(0.01)
    assert found["penname_documents", ("pending",)] == 10
    assert found["penname_failures", ("damaged_document",)] == 2


def test_a_state_or_a_kind_of_worker_that_nothing_is_in_is_told_as_none():
    found = values(metrics_text(workload(workers={"segment": 1})))

    assert found["penname_documents", ("failed",)] == 0
    assert found["penname_workers", ("segment",)] == 1
    assert found["penname_workers", ("sweep",)] == 0
    assert found["penname_oldest_document_age_seconds", ()] == 0


def test_labels_hold_states_codes_and_kinds_only():
    families = text_string_to_metric_families(
        metrics_text(workload(failures={"internal_error": 1}, workers={"sweep": 1})).decode()
    )

    labels = {name for family in families for sample in family.samples for name in sample.labels}

    assert labels == {"state", "code", "kind"}
