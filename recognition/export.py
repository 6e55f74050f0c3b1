"""Write a network as an ONNX file, to be run where there is no PyTorch.

The graph is written node by node, since it is short and torch's own exporters either unroll
the LSTMs to a fixed length or are deprecated. Normalisation is folded into the convolutions;
ONNX's LSTM takes the lengths of its sequences itself, so nothing is turned round.

Inputs are ``images`` (N, 1, H, W) float32 in [0, 1], 1 is ink, and ``widths_px`` (N,) int64,
each from 1 to W; outputs are ``log_probs`` (T, N, C) float32 and ``frames`` (N,) int64. N and W
are free. What a line's log probabilities are past its own frames means nothing.

Operators: https://onnx.ai/onnx/operators/, opset 17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from recognition.alphabet import BLANK
from recognition.model import FRAME_PX, AddedBothWays, fused

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from torch import Tensor

    from recognition.checkpoint import Checkpoint
    from recognition.model import Crnn

OPSET = 17
_IR_VERSION = 8  # the one that came with opset 17; later runtimes read it


def onnx_model(checkpoint: Checkpoint) -> bytes:
    """Give a checkpoint as an ONNX file.

    Its metadata say what a caller needs: ``alphabet`` in label order (label i + 1 is its i-th
    character), ``blank``, ``height_px``, ``frame_px`` and ``model_id``.
    """
    graph = _Graph()
    with torch.inference_mode():
        _write_network(graph, fused(checkpoint.model))
    labels, height_px = len(checkpoint.config.alphabet) + 1, checkpoint.config.height_px
    model = helper.make_model(
        graph.finished(labels=labels, height_px=height_px),
        producer_name="penname",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
    )
    helper.set_model_props(
        model,
        {
            "alphabet": checkpoint.config.alphabet,
            "blank": str(BLANK),
            "height_px": str(height_px),
            "frame_px": str(FRAME_PX),
            "model_id": checkpoint.model_id,
        },
    )
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and weights, in the order in which they were added."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[TensorProto] = []

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        """Add a node and give the name of its only output."""
        return self.name(f"v{len(self._nodes)}", operator, *inputs, **attributes)

    def name(self, output: str, operator: str, *inputs: str, **attributes: object) -> str:
        """Add a node whose output is called ``output``."""
        node = helper.make_node(operator, inputs, [output])
        node.attribute.extend(helper.make_attribute(*pair) for pair in attributes.items())
        self._nodes.append(node)
        return output

    def weight(self, values: Tensor | npt.ArrayLike) -> str:
        """Add a constant; Python's whole numbers become int64."""
        array = values.numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def finished(self, *, labels: int, height_px: int) -> onnx.GraphProto:
        """Close the graph over its inputs and outputs."""
        number, of = TensorProto, helper.make_tensor_value_info
        return helper.make_graph(
            self._nodes,
            "penname",
            [
                of("images", number.FLOAT, ["N", 1, height_px, "W"]),
                of("widths_px", number.INT64, ["N"]),
            ],
            [
                of("log_probs", number.FLOAT, ["T", "N", labels]),
                of("frames", number.INT64, ["N"]),
            ],
            self._weights,
        )


def _write_network(graph: _Graph, model: Crnn) -> None:
    """Write what ``Crnn.forward`` does, step by step."""
    half = _ceil_half(graph, "widths_px", "half_px")
    own = _ceil_half(graph, half, "frames")
    x = _stage(graph, "images", [model.stem], half)
    x = _stage(graph, x, model.stage1, half)
    x = graph.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    x = _stage(graph, x, model.stage2, own)
    x = graph.add("MaxPool", x, kernel_shape=[2, 1], strides=[2, 1])
    x = _stage(graph, x, model.stage3, own)
    x = graph.add("Relu", _convolution(graph, x, model.project))
    x = graph.add("Squeeze", x, graph.weight([2]))
    x = graph.add("Transpose", x, perm=[2, 0, 1])  # (N, F, T) -> (T, N, F)
    lengths = graph.add("Cast", own, to=TensorProto.INT32)
    for layer in model.rnn:
        found = _both_ways(graph, x, layer, lengths)
        if isinstance(layer, AddedBothWays):
            found = graph.add("Add", x, graph.add("Mul", found, graph.weight(layer.gain)))
        x = found
    scores = graph.add("MatMul", x, graph.weight(model.head.weight.T))
    scores = graph.add("Add", scores, graph.weight(model.head.bias))
    graph.name("log_probs", "LogSoftmax", scores, axis=-1)


def _stage(graph: _Graph, x: str, blocks: Iterable[nn.Module], widths: str) -> str:
    """Convolutions, each cut to the lines' own widths; all but the first add to their input."""
    for number, block in enumerate(blocks):
        found = _convolution(graph, x, block.get_submodule("conv"))
        if number:
            found = graph.add("Add", x, found)
        x = _masked(graph, graph.add("Relu", found), widths)
    return x


def _convolution(graph: _Graph, x: str, conv: nn.Module) -> str:
    if not isinstance(conv, nn.Conv2d) or conv.bias is None:
        raise ValueError("want a convolution that its normalisation was folded into")
    pads = [int(pad) for pad in conv.padding] * 2  # begins, then ends
    weight, bias = graph.weight(conv.weight), graph.weight(conv.bias)
    return graph.add("Conv", x, weight, bias, strides=list(conv.stride), pads=pads)


def _masked(graph: _Graph, x: str, widths: str) -> str:
    """Set to 0 what lies right of each line's own width."""
    size = graph.add("Shape", x, start=3, end=4)
    end = graph.add("Squeeze", size, graph.weight([0]))
    columns = graph.add("Range", graph.weight(0), end, graph.weight(1))
    inside = graph.add("Less", columns, graph.add("Unsqueeze", widths, graph.weight([1])))  # (N, w)
    inside = graph.add("Cast", inside, to=TensorProto.FLOAT)
    return graph.add("Mul", x, graph.add("Unsqueeze", inside, graph.weight([1, 2])))


def _ceil_half(graph: _Graph, widths: str, output: str) -> str:
    more = graph.add("Add", widths, graph.weight(1))
    return graph.name(output, "Div", more, graph.weight(2))


def _both_ways(graph: _Graph, x: str, layer: nn.Module, lengths: str) -> str:
    """Write (T, N, F) -> (T, N, 2 * units); each line is read backward from its own end."""
    into, hidden, bias_in, bias_hidden = (
        torch.stack([_gates(layer.get_parameter(f"{way}.{name}_l0")) for way in ("ahead", "back")])
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    bias = torch.cat([bias_in, bias_hidden], dim=1)
    units = hidden.shape[2]
    found = graph.add(
        "LSTM",
        x,
        graph.weight(into),
        graph.weight(hidden),
        graph.weight(bias),
        lengths,
        direction="bidirectional",
        hidden_size=units,
    )  # (T, 2, N, units)
    found = graph.add("Transpose", found, perm=[0, 2, 1, 3])
    return graph.add("Reshape", found, graph.weight([0, 0, 2 * units]))


def _gates(stacked: Tensor) -> Tensor:
    """Put torch's gates (input, forget, cell, output) in the order input, output, forget, cell."""
    into, forget, cell, out = stacked.chunk(4)
    return torch.cat([into, out, forget, cell])
