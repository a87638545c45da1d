"""Which points of two photos show the same thing: XFeat with LighterGlue, and SIFT beside it.

The two fail on different photos (wide baselines here, repetition and fine texture there), so a view's keypoints are
those of both, one behind the other, and a pair's matches are the union. Robust solvers downstream sort them out.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from kornia.feature import LightGlue, XFeat
from numpy import ndarray
from torch import Tensor, nn

from recon.weight_files import load_weights


@dataclass(frozen=True)
class Keypoints:
    """Keypoints of one view: `xfeat` of them from XFeat, then those of SIFT."""

    points_px: Float[ndarray, "point 2"]
    """Pixels of the image looked at, pixel centres at +0.5."""
    xfeat: int
    """How many of the points are XFeat's."""
    xfeat_descriptors: Float[Tensor, "xfeat 64"]
    """Unit length."""
    sift_descriptors: Float[Tensor, "sift 128"]
    """RootSIFT, unit length."""
    size_wh: tuple[int, int]
    """Of the image looked at."""


class Matcher(nn.Module):
    """Detects keypoints in images and matches them between pairs of images."""

    def __init__(self, xfeat_keypoints: int, sift_keypoints: int, sift_ratio: float):
        super().__init__()
        self.xfeat_keypoints = xfeat_keypoints
        self.sift_keypoints = sift_keypoints
        self.sift_ratio = sift_ratio
        self.xfeat = XFeat(top_k=xfeat_keypoints)
        self.xfeat.net.load_state_dict(load_weights("xfeat"))
        self.lighterglue = lighterglue()
        self.eval()

    @torch.no_grad()
    def detect(
        self, images: Float[Tensor, "view 3 height width"]
    ) -> tuple[list[Keypoints], Float[Tensor, "view 64 height_8 width_8"]]:
        """Keypoints of each image, sRGB in [0, 1], and XFeat's dense descriptors at an eighth of its size."""
        maps: list[Tensor] = []
        # kornia's detector keeps its descriptor map to itself, and computing it again would take as long again.
        hook = self.xfeat.net.register_forward_hook(lambda *call: maps.append(call[-1][0]))
        try:
            with ThreadPoolExecutor(1) as beside:
                sift = [beside.submit(rootsift, image, self.sift_keypoints) for image in images]
                found = [self._joined(image, *later.result()) for image, later in zip(images, sift, strict=True)]
        finally:
            hook.remove()
        return found, torch.cat(maps)

    def _joined(
        self, image: Float[Tensor, "3 height width"], sift_px: Float[ndarray, "point 2"], sift_descriptors: Tensor
    ) -> Keypoints:
        """XFeat's keypoints of an image before those of SIFT."""
        height, width = image.shape[1:]
        found = self.xfeat.detectAndCompute(image[None], top_k=self.xfeat_keypoints)[0]
        xfeat_px = found["keypoints"].double().cpu().numpy() + 0.5
        return Keypoints(
            points_px=np.concatenate([xfeat_px, sift_px]),
            xfeat=len(xfeat_px),
            xfeat_descriptors=found["descriptors"],
            sift_descriptors=sift_descriptors.to(image.device),
            size_wh=(width, height),
        )

    @torch.no_grad()
    def match(self, a: Keypoints, b: Keypoints) -> Int[ndarray, "match 2"]:
        """Index pairs into the points of `a` and of `b`; each point is in one pair at most."""
        learned = self._match_xfeat(a, b)
        classical = mutual_ratio_matches(a.sift_descriptors, b.sift_descriptors, self.sift_ratio)
        offset = torch.tensor([a.xfeat, b.xfeat], device=classical.device)
        return torch.cat([learned, classical + offset]).cpu().numpy()

    def _match_xfeat(self, a: Keypoints, b: Keypoints) -> Int[Tensor, "match 2"]:
        sides = {
            f"image{side}": {
                "keypoints": torch.from_numpy(k.points_px[: k.xfeat] - 0.5).to(k.xfeat_descriptors)[None],
                "descriptors": k.xfeat_descriptors[None],
                "image_size": torch.tensor([k.size_wh], device=k.xfeat_descriptors.device),
            }
            for side, k in enumerate((a, b))
        }
        return self.lighterglue(sides)["matches"][0]


def lighterglue() -> LightGlue:
    """LightGlue as trained for XFeat, with its weights."""
    network = LightGlue(
        None,  # type: ignore[arg-type]  # None is kornia's way to say: build it, fetch nothing
        name="xfeat",
        input_dim=64,
        descriptor_dim=96,
        n_layers=6,
        num_heads=1,
        depth_confidence=-1,
        width_confidence=0.95,
        filter_threshold=0.1,
        flash=False,  # On CUDA that would be half precision.
    )
    # Thresholds of early stopping, which is off, are computed when it is built.
    weights = load_weights("lighterglue") | {"confidence_thresholds": network.confidence_thresholds}
    network.load_state_dict(weights)
    return network


def rootsift(
    image: Float[Tensor, "3 height width"], count: int
) -> tuple[Float[ndarray, "point 2"], Float32[Tensor, "point 128"]]:
    """SIFT keypoints (pixel centres at +0.5) with RootSIFT descriptors (Arandjelovic and Zisserman 2012, section 3)."""
    grey = np.round(image.mean(0).cpu().numpy() * 255).astype(np.uint8)
    points, descriptors = cv2.SIFT.create(nfeatures=count).detectAndCompute(grey, None)
    if descriptors is None:
        return np.zeros((0, 2)), torch.zeros(0, 128)
    px = np.array([p.pt for p in points], dtype=np.float64).reshape(-1, 2) + 0.5
    # One point may come with several orientations: the first stands for all, so that no point is matched twice.
    _, first = np.unique(px, axis=0, return_index=True)
    first = np.sort(first)
    root = torch.from_numpy(descriptors[first])
    return px[first], (root / root.sum(1, keepdim=True).clamp_min(1e-9)).sqrt()


def mutual_ratio_matches(
    a: Float[Tensor, "point_a channel"], b: Float[Tensor, "point_b channel"], ratio: float
) -> Int[Tensor, "match 2"]:
    """Mutual nearest neighbours of unit descriptors that pass Lowe's ratio test (Lowe 2004, section 7.1)."""
    if min(len(a), len(b)) < 2:
        return torch.zeros(0, 2, dtype=torch.long, device=a.device)
    cosine = a @ b.T
    best, index = cosine.topk(2, dim=1)
    distance = (2 - 2 * best).clamp_min(0).sqrt()
    here = torch.arange(len(a), device=a.device)
    mutual = cosine.argmax(0)[index[:, 0]] == here
    keep = mutual & (distance[:, 0] < ratio * distance[:, 1])
    return torch.stack([here[keep], index[keep, 0]], 1)
