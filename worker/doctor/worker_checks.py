"""Is every kind of worker there, do they agree, and is none set up to hang or to spin?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.doctor.findings import DoctorCode, fail, warn, well

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from worker.doctor.facts import Facts, WorkerFacts
    from worker.doctor.findings import Finding

    Workers: TypeAlias = tuple[WorkerFacts, ...]

_KINDS = ("segment", "recognize", "sweep")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """When a host is too crowded."""

    threads_per_core: float = 1.5  # segment processes wait for the store while the network reads


def check_workers(facts: Facts, limits: WorkerLimits | None = None) -> Iterator[Finding]:
    """Look at the workers that were seen lately; without a queue there need be none."""
    workers = facts.workers
    if facts.broker is None or workers is None:
        return
    yield _presence(facts, workers)
    yield from _service(facts, workers)
    yield _agreement(workers)
    yield _visibility(facts, workers)
    yield _cuda(workers)
    yield _threads(workers, limits or WorkerLimits())
    yield _leases(facts)
    yield _put_off(facts)


def _presence(facts: Facts, workers: Workers) -> Finding:
    code = DoctorCode.NO_WORKER
    there = {kind: sum(worker.kind == kind for worker in workers) for kind in _KINDS}
    said = ", ".join(f"{kind} {count}" for kind, count in there.items())
    missing = [kind for kind, count in there.items() if not count]
    if not missing:
        return well(code, f"workers alive: {said}")
    fix = f"Start: {'; '.join(f'penname worker {kind}' for kind in missing)}."
    waits = sum(work.documents for work in facts.waiting)
    if waits:
        return fail(code, f"{waits} documents wait; workers alive: {said}", fix=fix)
    return warn(code, f"workers alive: {said}", fix=fix)


def _service(facts: Facts, workers: Workers) -> Iterator[Finding]:
    """Every waiting document needs a worker with all its templates, and one with its model."""
    held = [worker.templates for worker in workers if worker.templates]
    models = frozenset[str]().union(*(worker.model_ids for worker in workers))
    yield _served(
        "templates",
        sum(
            work.documents
            for work in facts.waiting
            if held and not any(work.templates <= templates for templates in held)
        ),
    )
    yield _served(
        "model",
        sum(work.documents for work in facts.waiting if models and work.model_id not in models),
    )


def _served(what: str, left: int) -> Finding:
    trouble = fail(
        DoctorCode.WORK_WITHOUT_WORKER,
        f"{left} documents wait for a worker with their {what}",
        fix="Give the workers the templates and the model that the batch was submitted with and "
        "restart them; or cancel the batch and submit it again.",
    )
    return trouble.unless(not left, then=f"no document waits for a worker with its {what}")


def _agreement(workers: Workers) -> Finding:
    code = DoctorCode.WORKERS_DIFFER
    differs = [
        f"{len(found)} {what}"
        for what, found in (
            ("versions of penname", {one.penname_version for one in workers} - {None}),
            ("sets of models", {one.model_ids for one in workers} - {frozenset()}),
            ("sets of templates", {one.templates for one in workers} - {frozenset()}),
        )
        if len(found) > 1
    ]
    if not differs:
        return well(code, "all workers have the same penname, models and templates")
    return warn(
        code,
        f"live workers have {', '.join(differs)}",
        fix="Expected while an upgrade rolls out; otherwise restart those that were left behind.",
    )


def _visibility(facts: Facts, workers: Workers) -> Finding:
    """The shortest visibility timeout of all apps on a broker holds for each of them."""
    code = DoctorCode.VISIBILITY_DIFFERS
    found = {worker.visibility_s for worker in workers if worker.visibility_s is not None}
    if found <= {facts.times.visibility_s}:
        return well(code, f"messages come back after {facts.times.visibility_s:g} s everywhere")
    return fail(
        code,
        f"workers have messages back after {', '.join(f'{each:g}' for each in sorted(found))} s, "
        f"the settings here say {facts.times.visibility_s:g} s; the shortest holds for all",
        fix="Set PENNAME_REDELIVER_AFTER_S alike everywhere and restart the workers.",
    )


def _cuda(workers: Workers) -> Finding:
    code = DoctorCode.CUDA_IN_PARENT
    touched = sorted({worker.host for worker in workers if worker.cuda_in_parent})
    if not touched:
        return well(code, "no parent process has touched CUDA")
    return fail(
        code,
        f"the parent process has touched CUDA on: {', '.join(touched)}; its children cannot",
        fix="Load nothing that asks for CUDA at import; restart the worker.",
    )


def _threads(workers: Workers, limits: WorkerLimits) -> Finding:
    code = DoctorCode.TOO_MANY_THREADS
    running: Counter[tuple[str, int]] = Counter()
    for worker in workers:
        if worker.threads and worker.cores:
            running[worker.host, worker.cores] += worker.threads
    crowded = [
        f"{threads} threads on {cores} cores of {host}"
        for (host, cores), threads in sorted(running.items())
        if threads > limits.threads_per_core * cores
    ]
    if not crowded:
        return well(code, "no host runs many more threads than it has cores")
    return warn(
        code,
        "; ".join(crowded),
        fix="Lower --concurrency or PENNAME_RECOGNIZE_THREADS, or set OMP_NUM_THREADS=1.",
    )


def _leases(facts: Facts) -> Finding:
    trouble = warn(
        DoctorCode.LEASES_OVERDUE,
        f"{facts.leases_overdue} documents are held beyond their lease",
        fix="A sweep frees them within seconds; where they stay, see that penname worker sweep "
        "runs.",
    )
    return trouble.unless(
        not facts.leases_overdue, then="no worker holds a document beyond its lease"
    )


def _put_off(facts: Facts) -> Finding:
    trouble = fail(
        DoctorCode.WORK_PUT_OFF,
        f"{facts.put_off} documents keep waiting for what is away, wrongly named or forbidden",
        fix="See what they met with: penname status. Mend it and they go on by themselves; where "
        "a bucket was mistyped, cancel the batch and submit it again.",
    )
    return trouble.unless(
        not facts.put_off, then="no document keeps waiting for a store or a database"
    )
