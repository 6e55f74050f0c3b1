"""Seconds a field in review: scripted keys in Chromium against a running ``penname web``.

``python -m benchmarks.bench_review http://127.0.0.1:8000 NAME --fields 50`` reads the password from
stdin and accepts that many fields with Enter, each as soon as the one before it is drawn. What it
accepts is written down as what NAME said: run it on a copy of a database.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import time
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Page

_TIMINGS = """() => performance.getEntriesByType('resource').map(
    one => [one.name.replace(location.origin, ''), one.responseEnd - one.requestStart])"""
_DRAWN = "() => performance.getEntriesByName('next-field').map(one => one.duration)"
_ANOTHER = """lease => {
    const field = document.querySelector('#stage .field');
    return field ? field.dataset.lease !== lease : !document.getElementById('done').hidden;
}"""
_CLEAR = "performance.clearResourceTimings(); performance.setResourceTimingBufferSize(5000)"


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("name")
    parser.add_argument("--fields", type=int, default=50)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds to look at each field")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        _log_in(page, options.url, options.name, sys.stdin.readline().rstrip("\n"))
        print(json.dumps(_measure(page, options), indent=2))
        browser.close()


def _log_in(page: Page, url: str, name: str, password: str) -> None:
    page.goto(f"{url}/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda there: "/login" not in there)


def _measure(page: Page, options: argparse.Namespace) -> dict[str, object]:
    page.goto(f"{options.url}/review")
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "performance.clearResourceTimings(); performance.setResourceTimingBufferSize(5000)"
    )
    start, pressed = time.perf_counter(), 0
    while pressed < options.fields and page.locator("#stage .field").count():
        lease = page.locator("#stage .field").get_attribute("data-lease")
        time.sleep(options.pause)
        read = page.locator("#stage .text").input_value()
        page.keyboard.press("Enter" if read else "9")
        page.wait_for_function(_ANOTHER, arg=lease)
        pressed += 1
    took_s = time.perf_counter() - start
    page.wait_for_load_state("networkidle")
    timings: list[tuple[str, float]] = page.evaluate(_TIMINGS)
    return {
        "fields": pressed,
        "seconds_a_field": round(took_s / max(1, pressed), 3),
        "key_to_next_field_ms": _summary(page.evaluate(_DRAWN)),
        **{
            f"server_{name}_ms": _summary([ms for path, ms in timings if path.startswith(start_)])
            for name, start_ in (
                ("answer", "/review/answers"),
                ("next", "/review/next"),
                ("crop", "/review/crops"),
            )
        },
    }


def _summary(took_ms: Sequence[float]) -> dict[str, float]:
    if len(took_ms) < 2:
        return {"n": len(took_ms)}
    tenths = statistics.quantiles(took_ms, n=10)
    return {
        "n": len(took_ms),
        "median": round(statistics.median(took_ms), 1),
        "p90": round(tenths[-1], 1),
    }


if __name__ == "__main__":
    main()
