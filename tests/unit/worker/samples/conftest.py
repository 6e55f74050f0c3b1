"""The two blanks, printed once for all tests of the samples."""

from __future__ import annotations

import pytest

from worker.samples.clinic_form import clinic_form
from worker.samples.school_form import school_form


@pytest.fixture(scope="package")
def clinic():
    return clinic_form()


@pytest.fixture(scope="package")
def school():
    return school_form()


@pytest.fixture(scope="package", params=["clinic", "school"])
def blank(request):
    return request.getfixturevalue(request.param)
