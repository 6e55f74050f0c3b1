"""One recognizer in a process of its own.

``python -m benchmarks.contestants NAME CROPS.npz [DEVICE]``

Spoken to in lines: it prints ``ready``, then for each ``go`` the seconds that reading all crops
took, and for ``end`` one JSON object with its texts and its peak memory, and with what a GPU did
(``gpu``) where it was given a device. Each contestant imports its own library only, so that
rivals may live in an environment without penname's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[list[Any]], list[str]]

CORES = 2
_RAPIDOCR_BATCH = 6  # as it comes


def main() -> None:
    """Load, say so, and read whenever told to."""
    name, path, *device = sys.argv[1:]
    keep_to_cores(CORES)
    with np.load(path) as stored:
        crops = [stored[f"arr_{index}"] for index in range(len(stored.files))]
    read = CONTESTANTS[name](*device)
    texts = read(crops[:8])
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        began = time.perf_counter()
        texts = read(crops)
        print(time.perf_counter() - began, flush=True)
    peak = max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    said = {"texts": texts, "peak_mib": round(peak / 1024, 1)}
    if device:
        from benchmarks.gpu import gpu_figures  # noqa: PLC0415, rivals may have no torch

        said |= gpu_figures(lambda: read(crops), *device)
    print(json.dumps(said), flush=True)


def keep_to_cores(count: int) -> None:
    """Keep this process, the threads that it has and the processes it starts to so many cores."""
    cores = sorted(os.sched_getaffinity(0))[:count]
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)
    os.environ["OMP_THREAD_LIMIT"] = str(count)  # as Tesseract counts its threads


def _penname(device: str = "cpu") -> Reader:
    from recognition.recognizer import Recognizer, use_threads  # noqa: PLC0415, see above

    use_threads(CORES)
    recognizer = Recognizer.load(device=device)
    return lambda crops: [reading.text for reading in recognizer.read(crops)]


def _penname_prior(device: str = "cpu") -> Reader:
    from recognition.prior import read_prior  # noqa: PLC0415, see above
    from recognition.recognizer import Recognizer, use_threads  # noqa: PLC0415, see above

    use_threads(CORES)
    recognizer = Recognizer.load(device=device).believing(read_prior())
    return lambda crops: [reading.text for reading in recognizer.read(crops)]


def _rapidocr() -> Reader:
    """Recognition alone, without finding or turning lines."""
    import rapidocr_onnxruntime  # noqa: PLC0415, see above
    from rapidocr_onnxruntime.ch_ppocr_rec import TextRecognizer  # noqa: PLC0415, see above

    model = Path(rapidocr_onnxruntime.__path__[0]) / "models" / "ch_PP-OCRv4_rec_infer.onnx"
    recognizer = TextRecognizer(
        {
            "model_path": str(model),
            "rec_img_shape": [3, 48, 320],
            "rec_batch_num": _RAPIDOCR_BATCH,
            "intra_op_num_threads": CORES,
            "inter_op_num_threads": 1,
            "use_cuda": False,
            "use_dml": False,
        }
    )
    return lambda crops: [
        str(found[0])
        for found in recognizer([cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR) for crop in crops])[0]
    ]


def _tesseract() -> Reader:
    """One call for all crops, each a line by itself, as its command takes a list of files."""
    subprocess.run(["tesseract", "--version"], check=True, capture_output=True)  # noqa: S607, on the path

    def read(crops: list[Any]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{index}.png" for index in range(len(crops))]
            for path, crop in zip(paths, crops, strict=True):
                cv2.imwrite(str(path), crop)
            listed = Path(folder) / "all.txt"
            listed.write_text("\n".join(map(str, paths)))
            done = subprocess.run(  # noqa: S603, no shell
                ["tesseract", str(listed), "stdout", "--psm", "7"],  # noqa: S607, on the path
                check=True,
                capture_output=True,
                text=True,
            )
        pages = done.stdout.split("\f")
        return [page.strip() for page in pages[: len(crops)]]

    return read


def _doctr() -> Reader:
    """With random weights, which cost as much time as trained ones: its texts mean nothing."""
    import torch  # noqa: PLC0415, see above
    from doctr.models import recognition_predictor  # noqa: PLC0415, see above
    from doctr.models.recognition import crnn_mobilenet_v3_small  # noqa: PLC0415, see above

    torch.set_num_threads(CORES)
    network = crnn_mobilenet_v3_small(pretrained=False, pretrained_backbone=False)
    predictor = recognition_predictor(network, pretrained=False)
    return lambda crops: [
        str(text)
        for text, _ in predictor([cv2.cvtColor(crop, cv2.COLOR_GRAY2RGB) for crop in crops])
    ]


CONTESTANTS: dict[str, Callable[..., Reader]] = {
    "penname": _penname,
    "penname with prior": _penname_prior,
    "rapidocr": _rapidocr,
    "tesseract": _tesseract,
    "doctr, random weights": _doctr,
}

if __name__ == "__main__":
    main()
