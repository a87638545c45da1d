"""Where a photo shows nothing: masked parts, and a black backdrop.

What is black and touches the border of a picture draws as what is drawn where nothing is. As a surface it could only
hide something; as a hole it says that whatever lies on its rays isn't there (Laurentini 1994, the visual hull).
"""

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from recon.views import Views

BLACK = 0.06
"""Largest channel of a black pixel, sRGB in [0, 1]."""
MIN_SHARE = 0.1
"""Of the picture, below which dark is taken for shadow."""


def shows_nothing(views: Views) -> Bool[Tensor, "view height width"]:
    """True inside a photo where its mask is False or its black backdrop shows; False beside the photo."""
    height, width = views.valid.shape[1:]
    empty = []
    for v, (w, h) in enumerate(views.photo_size_wh.tolist()):
        inside = torch.zeros(height, width, dtype=torch.bool, device=views.valid.device)
        inside[:h, :w] = True
        empty.append(inside & ~views.valid[v])
        empty[v][:h, :w] |= black_backdrop(views.pixels[v, :, :h, :w])
    return torch.stack(empty)


def black_backdrop(pixels: Float[Tensor, "3 height width"]) -> Bool[Tensor, "height width"]:
    """Black pixels joined to the picture's border through black ones, if they make up enough of it."""
    black = (pixels.amax(0) < BLACK).cpu().numpy().astype(np.uint8)
    _, labels = cv2.connectedComponents(black, connectivity=4)
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    found = np.isin(labels, border[border > 0])
    if found.mean() < MIN_SHARE:
        found[:] = False
    return torch.from_numpy(found).to(pixels.device)
