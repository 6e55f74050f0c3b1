"""Tell Prometheus, and what scales the workers, how much work there is, as SQL knows it.

The queue's length says neither what workers hold nor what a document costs. SQL knows both: a
document counts until it is finished, at what documents like it have cost. Labels hold states,
codes and kinds of workers; no batch, file or person is ever named.

Source: exposition format, https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from worker.types import DocumentStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from worker.database.workload import DocumentGroup, Workload

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_KINDS = ("segment", "recognize", "sweep")
_TO_CUT = frozenset({Stage.SEGMENT.waiting, Stage.SEGMENT.at_work})
_TO_READ = frozenset({Stage.RECOGNIZE.waiting, Stage.RECOGNIZE.at_work})


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What documents that are read alike cost; the defaults stand until some were read."""

    segment_s: float = 0.2  # a document; letter pages at 300 dpi take about 0.1
    crops: float = 4.0  # a document
    recognize_s: float = 0.01  # a crop on one core; a GPU takes far less


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """What is left to do, documents in the hand of a worker included."""

    cpu_s: float  # of processes that cut pages
    gpu_s: float  # of the device that the network runs on
    documents: int


def outstanding(groups: Iterable[DocumentGroup], guess: Costs | None = None) -> Outstanding:
    """Add up what is left, each document at the cost of those that are read alike.

    Args:
        groups: of what was submitted.
        guess: what a document costs while none like it was read.
    """
    by_identity: dict[tuple[str, str, str], list[DocumentGroup]] = {}
    for group in groups:
        by_identity.setdefault(group.identity, []).append(group)
    cpu_s = gpu_s = 0.0
    documents = 0
    for alike in by_identity.values():
        costs = measured_costs(alike, guess or Costs())
        to_cut = sum(group.count for group in alike if group.status in _TO_CUT)
        to_read = [group for group in alike if group.status in _TO_READ]
        crops = sum(group.crops for group in to_read) + to_cut * costs.crops
        cpu_s += to_cut * costs.segment_s
        gpu_s += crops * costs.recognize_s
        documents += to_cut + sum(group.count for group in to_read)
    return Outstanding(cpu_s=cpu_s, gpu_s=gpu_s, documents=documents)


def measured_costs(alike: Iterable[DocumentGroup], guess: Costs) -> Costs:
    """Say what documents have cost, or guess what was not measured yet."""
    alike = list(alike)

    def mean(total: float, count: int, otherwise: float) -> float:
        return total / count if count else otherwise

    return Costs(
        segment_s=mean(
            sum(group.segment_s for group in alike),
            sum(group.segment_timed for group in alike),
            guess.segment_s,
        ),
        crops=mean(
            sum(group.crops for group in alike), sum(group.cut for group in alike), guess.crops
        ),
        recognize_s=mean(
            sum(group.recognize_s for group in alike),
            sum(group.crops_timed for group in alike),
            guess.recognize_s,
        ),
    )


def metrics_text(workload: Workload) -> bytes:
    """Give the page that Prometheus reads, of ``CONTENT_TYPE``."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Workload(workload))
    return generate_latest(registry)


class _Workload(Collector):
    """One workload as metrics; the registry asks for them once."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give each metric with its help."""
        found = self._workload
        left = outstanding(found.groups)
        costs = measured_costs(found.groups, Costs())
        age_s = (found.at - found.oldest).total_seconds() if found.oldest else 0.0
        for name, help_text, value in (
            (
                "penname_outstanding_cpu_seconds",
                "Seconds one core needs to cut what is not cut yet, in hand or not.",
                left.cpu_s,
            ),
            (
                "penname_outstanding_gpu_seconds",
                "Seconds one device needs to read what is not read yet, in hand or not.",
                left.gpu_s,
            ),
            (
                "penname_outstanding_documents",
                "Submitted documents that are neither read, failed nor cancelled.",
                left.documents,
            ),
            (
                "penname_oldest_document_age_seconds",
                "Time since the oldest unfinished document was submitted; 0 where there is none.",
                age_s,
            ),
            (
                "penname_documents_put_off",
                "Documents that wait for their next attempt after an outage or a lost worker.",
                found.put_off,
            ),
            (
                "penname_leases_overdue",
                "Documents in the hand of a worker whose lease has run out; the sweep frees them.",
                found.overdue,
            ),
            (
                "penname_segment_seconds_per_document",
                "Mean time that cutting one document took.",
                costs.segment_s,
            ),
            (
                "penname_recognize_seconds_per_crop",
                "Mean time that reading one crop took.",
                costs.recognize_s,
            ),
        ):
            yield GaugeMetricFamily(name, help_text, value=value)
        yield _labelled(
            "penname_documents",
            "Documents by state.",
            "state",
            {status.value: found.documents.get(status, 0) for status in DocumentStatus},
        )
        yield _labelled(
            "penname_failures", "Documents that failed, by code.", "code", found.failures
        )
        yield _labelled(
            "penname_workers",
            "Processes of workers that were heard of lately, by kind.",
            "kind",
            {**dict.fromkeys(_KINDS, 0), **found.workers},
        )


def _labelled(
    name: str, help_text: str, label: str, values: Mapping[str, int]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family
