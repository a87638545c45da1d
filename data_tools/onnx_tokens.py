"""Reads the DINOv2 ViT-S/14 that an ONNX file carries, under the names of `recon.network.tokens.Tokens`.

The exporter kept the names of biases and norms, and lost those of matrices: these are found by the nodes that use them.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from recon.network.tokens import BLOCKS, TRAINED_GRID, WIDTH

LAYER = "backbone.encoder.layer."


def read_tokens(content: bytes) -> dict[str, Tensor]:
    """The state dict of `Tokens` in float32, from the bytes of the ONNX file.

    Raises:
        ModuleNotFoundError: the package `onnx`, which only this needs, is not installed.
    """
    import onnx  # pyright: ignore[reportMissingImports]
    from onnx import numpy_helper  # pyright: ignore[reportMissingImports]

    graph = onnx.load_from_string(content).graph
    arrays = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    matrices = {n.name: arrays[i] for n in graph.node if n.op_type == "MatMul" for i in n.input if i in arrays}
    (table,) = [a for a in arrays.values() if a.shape == (1, TRAINED_GRID**2, WIDTH)]
    (first,) = [a for k, a in arrays.items() if k.startswith("onnx::Concat") and a.shape == (1, 1, WIDTH)]
    found: dict[str, Any] = {
        "cls_token": arrays["backbone.embeddings.cls_token"],
        "positions": np.concatenate([first, table], 1),
        "patch.weight": arrays["backbone.embeddings.patch_embeddings.projection.weight"],
        "patch.bias": arrays["backbone.embeddings.patch_embeddings.projection.bias"],
    }
    for i in range(BLOCKS):
        found |= {f"blocks.{i}.{key}": value for key, value in _block(arrays, matrices, i).items()}
    return {key: torch.from_numpy(np.array(value, np.float32)) for key, value in found.items()}


def _block(arrays: dict[str, np.ndarray], matrices: dict[str, np.ndarray], i: int) -> dict[str, np.ndarray]:
    def biased(own: str, *theirs: str) -> dict[str, np.ndarray]:
        nodes = [f"/backbone/encoder/layer.{i}/{name}/MatMul" for name in theirs]
        biases = [f"{LAYER}{i}.{name.replace('/', '.')}.bias" for name in theirs]
        return {
            f"{own}.weight": np.concatenate([matrices[node].T for node in nodes]),
            f"{own}.bias": np.concatenate([arrays[bias] for bias in biases]),
        }

    attention = [f"attention/attention/{name}" for name in ("query", "key", "value")]
    return {
        **biased("qkv", *attention),
        **biased("project", "attention/output/dense"),
        **biased("expand", "mlp/fc1"),
        **biased("contract", "mlp/fc2"),
        **{f"norm{n}.{part}": arrays[f"{LAYER}{i}.norm{n}.{part}"] for n in (1, 2) for part in ("weight", "bias")},
        **{f"scale{n}": arrays[f"{LAYER}{i}.layer_scale{n}.lambda1"] for n in (1, 2)},
    }
