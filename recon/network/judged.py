"""The learned half of the fusion: every point of a scene is ruled on by what the other views say of it."""

from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network import witness, witness_cpu
from recon.network.judge_net import Ruling
from recon.network.testimony import Evidence
from recon.network.witness import Witnesses
from recon.prediction import PixelGaussians, Prediction

FAINTEST = 0.1
"""Opacity up to which a Gaussian is left out of a finished scene."""


def judged(
    net: Callable[[Witnesses], Ruling],
    evidence: Evidence,
    prediction: Prediction,
    registered: list[int],
    shown: Bool[Tensor, "view height width"],
    front: Bool[Tensor, "view height width"],
    back: Bool[Tensor, "view height width"],
    faintest: float,
) -> tuple[Prediction, Bool[Tensor, "view height width"], Bool[Tensor, "view height width"]]:
    """The prediction with opacities and sizes as ruled, and which of its Gaussians stay in each layer.

    Args:
        shown: where views show a surface: only those points are ruled on.
        front, back: what the classical rules keep of each layer.
        faintest: opacity up to which a Gaussian is left out.
    """
    depth = prediction.depth
    layers = []
    for gaussians, at, kept, backstop in (
        (prediction.gaussians, depth.depth, front, False),
        (prediction.backstop, depth.backstop, back, True),
    ):
        layers.append(_layer(net, evidence, prediction, gaussians, registered, shown, at, kept, backstop, faintest))
    (gaussians, front), (behind, back) = layers
    return replace(prediction, gaussians=gaussians, backstop=behind), front, back


def _layer(
    net: Callable[[Witnesses], Ruling],
    evidence: Evidence,
    prediction: Prediction,
    gaussians: PixelGaussians,
    registered: list[int],
    shown: Bool[Tensor, "view height width"],
    depth: Float[Tensor, "view height width"],
    kept: Bool[Tensor, "view height width"],
    backstop: bool,
    faintest: float,
) -> tuple[PixelGaussians, Bool[Tensor, "view height width"]]:
    twin = witness if depth.is_cuda else witness_cpu
    stays = torch.zeros_like(kept)
    scales, opacities = ([*x.unbind(0)] for x in (gaussians.scales, gaussians.opacities))
    for v in registered:
        others = [m for m in registered if m != v]
        said = prediction.depth
        ruling = net(twin.witnesses(evidence, said.sky, said.confidence[v], depth[v], kept[v], backstop, v, others))
        scales[v] = scales[v] * ruling.size_factor[..., None]
        opacities[v] = ruling.opacity
        stays[v] = shown[v] & (ruling.opacity > faintest)
    return replace(gaussians, scales=torch.stack(scales), opacities=torch.stack(opacities)), stays
