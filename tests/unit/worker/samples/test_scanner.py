from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.samples.scanner import ScannerParams, scan

STEADY = ScannerParams(
    turn_deg=0,
    shift=0,
    stretch=0,
    keystone=0,
    upside_down=0,
    dark_edge=0,
    paper_gray=(240, 241),
    ink_gray=(20, 21),
    shade=0,
    blur_px=(0.5, 0.51),
    noise=(1, 1.01),
    specks=0,
    streak=0,
)


@pytest.fixture(scope="module")
def page():
    image = np.full((660, 510), 255, np.uint8)
    cv2.putText(image, "Top left", (30, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 5)
    cv2.rectangle(image, (200, 400), (480, 600), 0, 3)
    image.flags.writeable = False
    return image


def rng(seed=1):
    return np.random.default_rng(seed)


def changed(**params):
    fields = {name: getattr(STEADY, name) for name in STEADY.__slots__}
    return ScannerParams(**{**fields, **params})


def away(one, other):
    return np.abs(one.astype(int) - other.astype(int)).mean()


def test_a_scan_keeps_the_size_of_its_page(page):
    scanned = scan(page, rng())

    assert scanned.shape == page.shape
    assert scanned.dtype == np.uint8


def test_equal_seeds_scan_alike_and_others_do_not(page):
    first, again, other = (scan(page, rng(seed)) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert away(first, other) > 1


def test_a_steady_scanner_only_changes_the_levels(page):
    scanned = scan(page, rng(), params=STEADY)

    assert np.median(scanned[page == 255]) == pytest.approx(240, abs=2)
    assert away(scanned, page * (220 / 255) + 20) < 6


def test_an_upside_down_page_turned_back_is_the_page(page):
    usual = scan(page, rng(), params=STEADY)

    turned = scan(page, rng(), params=changed(upside_down=1))

    assert away(np.rot90(turned, 2), usual) < 0.3 * away(turned, usual)


def test_a_turned_page_shows_the_dark_lid_at_its_corners(page):
    scanned = scan(page, rng(4), params=changed(turn_deg=3, dark_edge=1))

    corners = [scanned[0, 0], scanned[0, -1], scanned[-1, 0], scanned[-1, -1]]
    assert sum(int(corner) < 110 for corner in corners) >= 2
    assert scanned[330, 100] > 200


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"turn_deg": 3}, id="turn"),
        pytest.param({"shift": 0.03}, id="shift"),
        pytest.param({"stretch": 0.02}, id="stretch"),
        pytest.param({"keystone": 0.02}, id="keystone"),
        pytest.param({"shade": 0.2}, id="shade"),
        pytest.param({"noise": (10, 11)}, id="noise"),
        pytest.param({"specks": 5000}, id="specks"),
    ],
)
def test_each_fault_of_a_scanner_shows(page, params):
    steady = scan(page, rng(3), params=STEADY)

    faulty = scan(page, rng(3), params=changed(**params))

    assert away(faulty, steady) > away(scan(page, rng(8), params=STEADY), steady) + 0.5


def test_dirt_on_the_glass_leaves_a_stripe(page):
    scanned = scan(page, rng(3), params=changed(streak=1))

    darkest = scanned[120:390].mean(axis=0).min()
    assert darkest < 235
