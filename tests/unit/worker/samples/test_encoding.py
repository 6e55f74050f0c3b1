from __future__ import annotations

import numpy as np
import pytest

from worker.document_images import DecodeLimits, decode_pages
from worker.samples.encoding import Container, encode


def rng():
    return np.random.default_rng(1)


@pytest.fixture
def page():
    ramp = np.linspace(30, 245, 240).astype(np.uint8)
    return np.repeat(ramp[:, None], 180, axis=1)


def decode(data):
    return list(decode_pages(data, DecodeLimits()))


@pytest.mark.parametrize("container", list(Container))
def test_a_page_comes_back_from_its_file(page, container):
    data = encode([page], container, dpi=300, rng=rng())

    (decoded,) = decode(data)

    assert decoded.image.shape == pytest.approx(page.shape, abs=1)
    dark, light = decoded.image[:80].mean(), decoded.image[-40:].mean()
    assert dark < 90
    assert light > 225


@pytest.mark.parametrize("container", [Container.JPEG, Container.PNG, Container.TIFF])
def test_a_file_states_its_resolution(page, container):
    (decoded,) = decode(encode([page], container, dpi=300, rng=rng()))

    assert decoded.dpi == pytest.approx(300, abs=1)


@pytest.mark.parametrize("container", [Container.TIFF, Container.PDF])
def test_files_of_several_pages_keep_their_order(page, container):
    data = encode([page, page[::-1].copy(), page], container, dpi=300, rng=rng())

    tops = [decoded.image[:40].mean() for decoded in decode(data)]

    assert [top > 128 for top in tops] == [False, True, False]


def test_a_tiff_is_black_and_white(page):
    (decoded,) = decode(encode([page], Container.TIFF, dpi=300, rng=rng()))

    assert set(np.unique(decoded.image)) == {0, 255}


def test_a_png_keeps_faint_ink_and_whitens_paper(page):
    (decoded,) = decode(encode([page], Container.PNG, dpi=300, rng=rng()))

    assert decoded.image[page > 190].min() == 255
    assert np.abs(decoded.image[page < 180].astype(int) - page[page < 180]).max() < 16


@pytest.mark.parametrize("container", list(Container))
def test_equal_pages_make_equal_files(page, container):
    first, again = (encode([page], container, dpi=300, rng=rng()) for _ in range(2))

    assert first == again


@pytest.mark.parametrize(
    ("container", "count"),
    [(Container.JPEG, 2), (Container.PNG, 2), (Container.JPEG, 0), (Container.TIFF, 0)],
)
def test_a_file_that_cannot_hold_the_pages_is_a_callers_bug(page, container, count):
    with pytest.raises(ValueError, match=f"does not hold {count} pages"):
        encode([page] * count, container, dpi=300, rng=rng())
