"""What is seen where, in the words of a network that has looked at very many photos: frozen tokens of a ViT-S/14.

The first eight of the twelve blocks of a DINOv2 (Oquab et al. 2024), a vision transformer (Dosovitskiy et al. 2021)
with layer scale (Touvron et al. 2021). They tell a wall from a floor and a chair from what is behind it, each photo by
itself; they are too coarse to match photos by.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import interpolate, layer_norm, scaled_dot_product_attention

from recon.weight_files import load_weights

PATCH = 14
WIDTH = 384
"""Of a token."""
HEADS = 6
BLOCKS = 8
TRAINED_GRID = 37
"""Patches along each side of the pictures that it was trained on."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of sRGB in ImageNet, by which pictures are normalised."""


class Tokens(nn.Module):
    """Photos in, one token for each patch of 14 by 14 pixels out."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.positions = nn.Parameter(torch.zeros(1, 1 + TRAINED_GRID**2, WIDTH))
        self.blocks = nn.ModuleList(_Block() for _ in range(BLOCKS))
        self.register_buffer("mean", torch.tensor(MEAN)[None, :, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(STD)[None, :, None, None], persistent=False)

    @staticmethod
    def pretrained() -> "Tokens":
        """With the released weights, which are not trained any further."""
        tokens = Tokens()
        tokens.load_state_dict(load_weights("dinov2_s8"))
        return tokens.eval().requires_grad_(False)

    @torch.no_grad()
    def forward(self, pixels: Float[Tensor, "view 3 height width"]) -> Float[Tensor, "view 384 rows columns"]:
        """Of pictures in sRGB, stretched to whole patches; without scale or shift (layer norm without parameters)."""
        size = [max(1, round(side / PATCH)) * PATCH for side in pixels.shape[2:]]
        resized = interpolate(pixels, size, mode="bilinear", align_corners=False, antialias=True)
        patches = self.patch((resized - self.mean) / self.std)
        rows, columns = patches.shape[2:]
        x = patches.flatten(2).transpose(1, 2) + self._positions(rows, columns)
        x = torch.cat([(self.cls_token + self.positions[:, :1]).expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        return layer_norm(x[:, 1:], (WIDTH,)).transpose(1, 2).reshape(-1, WIDTH, rows, columns)

    def _positions(self, rows: int, columns: int) -> Float[Tensor, "1 patch 384"]:
        """Position embeddings of another grid than the trained one."""
        trained = self.positions[:, 1:].reshape(1, TRAINED_GRID, TRAINED_GRID, WIDTH).permute(0, 3, 1, 2)
        return interpolate(trained, (rows, columns), mode="bicubic", align_corners=False).flatten(2).transpose(1, 2)


class _Block(nn.Module):
    """Self-attention, then a perceptron for each token, both as residuals."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6), nn.LayerNorm(WIDTH, eps=1e-6)
        self.qkv, self.project = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.expand, self.contract = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.scale1, self.scale2 = nn.Parameter(torch.ones(WIDTH)), nn.Parameter(torch.ones(WIDTH))

    def forward(self, x: Float[Tensor, "view token 384"]) -> Float[Tensor, "view token 384"]:
        views, tokens, _ = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(views, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        attended = scaled_dot_product_attention(*qkv.unbind(0)).transpose(1, 2).reshape(x.shape)
        x = x + self.scale1 * self.project(attended)
        hidden = nn.functional.gelu(self.expand(self.norm2(x)))
        return x + self.scale2 * self.contract(hidden)
