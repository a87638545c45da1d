"""The weights that travel with the package: they fit their networks, and altered ones are refused."""

import hashlib
import io
import zipfile
from pathlib import Path

import kornia.feature
import pytest
import safetensors.torch
import torch

import recon.weight_files
from data_tools.make_weights import matcher_of, read_checkpoint, to_safetensors
from recon.network.cameras.matching import lighterglue
from recon.weight_files import SHA256, load_weights
from render.errors import FileFormatError


@pytest.mark.parametrize("name", SHA256)
def test_weights_are_float32_and_finite(name: str):
    weights = load_weights(name)
    assert all(w.dtype == torch.float32 and w.isfinite().all() for w in weights.values())


def test_xfeat_fits_its_network_strictly():
    # Without version metadata, BatchNorm counts a missing step counter as 0: nothing else may be missing.
    kornia.feature.XFeat().net.load_state_dict(load_weights("xfeat"), strict=True)


def test_lighterglue_fits_its_network():
    # Loads strictly, but for a table of the early exit, which the network computes for itself.
    built = lighterglue().state_dict()
    assert built.keys() - load_weights("lighterglue").keys() == {"confidence_thresholds"}
    assert all(torch.equal(built[name], weight) for name, weight in load_weights("lighterglue").items())


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    genuine = Path(recon.weight_files.__file__).parent / "weights" / "xfeat.safetensors"
    content = bytearray(genuine.read_bytes())
    content[-1] ^= 1
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "xfeat.safetensors").write_bytes(content)
    monkeypatch.setattr(recon.weight_files, "files", lambda _package: tmp_path)
    with pytest.raises(FileFormatError, match=SHA256["xfeat"]):
        load_weights("xfeat")


def test_missing_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recon.weight_files, "files", lambda _package: tmp_path)
    with pytest.raises(FileFormatError, match="'xfeat' are missing"):
        load_weights("xfeat")


def test_conversion_keeps_values_and_bytes():
    weights = {
        "b.weight": torch.randn(3, 4),
        "a.bias": torch.randn(5),
        "a.num_batches_tracked": torch.tensor(7),
    }
    content = to_safetensors(weights, {"licence": "Apache-2.0"})
    assert content == to_safetensors(dict(reversed(weights.items())), {"licence": "Apache-2.0"})
    back = safetensors.torch.load(content)
    assert set(back) == {"a.bias", "b.weight"}
    for key, value in back.items():
        torch.testing.assert_close(value, weights[key].half())


def test_matrices_in_bytes_come_back_to_half_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    weights = {"a.weight": torch.randn(6, 4, 8), "a.bias": torch.randn(6)}
    weights["a.weight"][2] = 0
    content = to_safetensors(weights, {}, in_bytes=True)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.safetensors").write_bytes(content)
    monkeypatch.setattr(recon.weight_files, "files", lambda _package: tmp_path)
    monkeypatch.setitem(SHA256, "a", hashlib.sha256(content).hexdigest())
    back = load_weights("a")
    assert back.keys() == weights.keys()
    step = weights["a.weight"].abs().amax(-1, keepdim=True) / 127
    assert ((back["a.weight"] - weights["a.weight"]).abs() <= 0.6 * step + 1e-3 * weights["a.weight"].abs()).all()


def test_matcher_is_renamed_and_its_second_xfeat_left_out():
    checkpoint = {
        "extractor.net.weight": torch.zeros(1),
        "matcher.posenc.Wr.weight": torch.ones(2),
        "matcher.cross_attn.3.to_qk.bias": torch.ones(3),
        "matcher.transformers.0.self_attn.Wqkv.bias": torch.ones(4),
    }
    expected = {
        "posenc.Wr.weight",
        "transformers.3.cross_attn.to_qk.bias",
        "transformers.0.self_attn.Wqkv.bias",
    }
    assert set(matcher_of(checkpoint)) == expected


def test_a_checkpoint_that_is_more_than_tensors_is_refused():
    held, archive_bytes = io.BytesIO(), io.BytesIO()
    torch.save({"weight": Path("elsewhere")}, held)
    with zipfile.ZipFile(archive_bytes, "w") as archive:
        archive.writestr("weights.pt", held.getvalue())
    with zipfile.ZipFile(archive_bytes) as archive, pytest.raises(Exception, match=r"[Ww]eights.only"):
        read_checkpoint(archive, "weights.pt")
