"""The learned half of the fusion: every point of a scene is ruled on by what the other views say of it."""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.network import witness, witness_cpu
from recon.network.judge_net import JudgeNet
from recon.network.testimony import Evidence
from recon.prediction import PixelGaussians, Prediction

FAINTEST = 0.1
"""Opacity below which a Gaussian is left out."""


def judged(
    net: JudgeNet,
    evidence: Evidence,
    prediction: Prediction,
    registered: list[int],
    shown: Bool[Tensor, "view height width"],
    front: Bool[Tensor, "view height width"],
    back: Bool[Tensor, "view height width"],
) -> tuple[Prediction, Bool[Tensor, "view height width"], Bool[Tensor, "view height width"]]:
    """The prediction with opacities, places and sizes as ruled, and which of its Gaussians stay in each layer.

    Args:
        shown: where views show a surface: only those points are ruled on.
        front, back: what the classical fusion keeps of each layer.
    """
    depth = prediction.depth
    layers = []
    for gaussians, at, kept, backstop in (
        (prediction.gaussians, depth.depth, front, False),
        (prediction.backstop, depth.backstop, back, True),
    ):
        layers.append(_layer(net, evidence, prediction, gaussians, registered, shown, at, kept, backstop))
    (gaussians, front), (behind, back) = layers
    return replace(prediction, gaussians=gaussians, backstop=behind), front, back


def _layer(
    net: JudgeNet,
    evidence: Evidence,
    prediction: Prediction,
    gaussians: PixelGaussians,
    registered: list[int],
    shown: Bool[Tensor, "view height width"],
    depth: Float[Tensor, "view height width"],
    kept: Bool[Tensor, "view height width"],
    backstop: bool,
) -> tuple[PixelGaussians, Bool[Tensor, "view height width"]]:
    twin = witness if depth.is_cuda else witness_cpu
    stays = torch.zeros_like(kept)
    means, scales, opacities = gaussians.means.clone(), gaussians.scales.clone(), gaussians.opacities.clone()
    for v in registered:
        others = [m for m in registered if m != v]
        said = prediction.depth
        heard = twin.witnesses(evidence, said.sky, said.confidence[v], depth[v], kept[v], backstop, v, others)
        ruling = net(heard)
        centre = evidence.cameras.centres[v].to(means.dtype)
        means[v] = centre + (means[v] - centre) * ruling.depth_factor[..., None]
        scales[v] = scales[v] * ruling.size_factor[..., None]
        opacities[v] = ruling.opacity
        stays[v] = shown[v] & (ruling.opacity > FAINTEST)
    return replace(gaussians, means=means, scales=scales, opacities=opacities), stays
