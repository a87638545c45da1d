"""OpenUSD's text (.usda) and binary (.usdc) with a ParticleField3DGaussianSplat: all of float32, nothing lost.

| attribute | what |
|---|---|
| positions | centres |
| orientations | unit quaternions |
| scales | scales, not their logarithms |
| opacities | 0 to 1, no logit |
| radiance:sphericalHarmonicsDegree | 0 to 3 |
| radiance:sphericalHarmonicsCoefficients | all harmonics of one Gaussian behind each other, RGB by RGB, INRIA's basis |
| primvars:displayColor, primvars:displayOpacity | colour from everywhere and opacity, for those who draw points |
| extent | box around all centres |

The schema is OpenUSD's own. Stages have y up: a half turn around x stands above the attributes, which have
the scene's own axes. `metersPerUnit` is 1, which says something of scenes whose cameras are metric alone: what is not
said would be taken for centimetres. Written only, by usd-core, an extra.
"""

import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from render.errors import BackendError, FileFormatError, OutputError
from render.extras import installed_by, missing
from render.files.values import SceneArrays, arrays_to_write
from render.gaussians import Gaussians
from render.sh import SH_C0

ENDINGS = (".usda", ".usdc")


def write_usd(path: Path, gaussians: Gaussians) -> None:
    """Write `gaussians` in their order, bit for bit.

    Raises:
        BackendError: usd-core is missing or too old.
        FileFormatError: there is no Gaussian, or a value is one that no file may hold.
        OutputError: the folder cannot be written.
    """
    usd = load_usd(path)
    arrays = arrays_to_write(path, gaussians)
    if not len(gaussians):
        raise FileFormatError(path, "there is no Gaussian; one at least is needed.")
    try:
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=path.parent) as folder:
            staged = Path(folder) / f"scene{path.suffix.lower()}"
            stage = usd.Usd.Stage.CreateNew(str(staged))
            _fill(usd, stage, arrays, gaussians.sh_degree)
            stage.GetRootLayer().Save()
            del stage
            staged.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error}).") from error
    except usd.Tf.ErrorException as error:
        raise OutputError(f"{path} cannot be written; OpenUSD says: {error}") from error


def load_usd(path: Path) -> ModuleType:
    """OpenUSD's package; `path` is told of.

    Raises:
        BackendError: it is missing or too old.
    """
    try:
        import pxr
        from pxr import Gf, Sdf, Tf, Usd, UsdGeom, UsdVol, Vt  # noqa: F401  # pyright: ignore[reportAttributeAccessIssue]
    except ImportError as error:
        raise missing(f"{path.name} needs", "usd-core", "usd") from error
    if not hasattr(UsdVol, "ParticleField3DGaussianSplat"):
        raise BackendError(f"{path.name} needs a usd-core that knows Gaussians, as 26.11 does: {installed_by('usd')}.")
    return pxr


def _fill(usd: Any, stage: Any, arrays: SceneArrays, degree: int) -> None:
    usd.UsdGeom.SetStageUpAxis(stage, usd.UsdGeom.Tokens.y)
    usd.UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    field = usd.UsdVol.ParticleField3DGaussianSplat.Define(stage, "/scene")
    stage.SetDefaultPrim(field.GetPrim())
    field.AddRotateXOp().Set(180.0)
    Vt, prim = usd.Vt, field.GetPrim()
    Vec3f = Vt.Vec3fArray.FromNumpy
    # OpenUSD keeps quaternions with the real part last in memory, and says wxyz in text.
    quats_xyzw = np.ascontiguousarray(np.roll(arrays.quats_wxyz, -1, axis=1))
    colours = np.clip(0.5 + SH_C0 * arrays.sh[:, 0], 0, None).astype(np.float32)
    for name, value in (
        ("positions", Vec3f(arrays.means)),
        ("orientations", Vt.QuatfArray.FromNumpy(quats_xyzw)),
        ("scales", Vec3f(arrays.scales)),
        ("opacities", Vt.FloatArray.FromNumpy(arrays.opacities)),
        ("radiance:sphericalHarmonicsDegree", degree),
        ("radiance:sphericalHarmonicsCoefficients", Vec3f(np.ascontiguousarray(arrays.sh.reshape(-1, 3)))),
        ("extent", Vec3f(np.stack([arrays.means.min(0), arrays.means.max(0)]))),
    ):
        prim.GetAttribute(name).Set(value)
    for name, kind, value in (
        ("displayColor", usd.Sdf.ValueTypeNames.Color3fArray, Vec3f(colours)),
        ("displayOpacity", usd.Sdf.ValueTypeNames.FloatArray, Vt.FloatArray.FromNumpy(arrays.opacities)),
    ):
        usd.UsdGeom.PrimvarsAPI(prim).CreatePrimvar(name, kind, usd.UsdGeom.Tokens.vertex).Set(value)
