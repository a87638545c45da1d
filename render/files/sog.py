"""PlayCanvas' .sog, version 2: a zip of `meta.json` and lossless WebP pictures, a pixel for each Gaussian.

| picture | channels | what |
|---|---|---|
| means_l, means_u | RGB | lower and upper byte of 16 bits from `means.mins` to `means.maxs`: sign(x) ln(1 + abs(x)) |
| quats | RGB | the three of wxyz that are not largest: byte / 255 to +-1 / sqrt(2) |
| | A | 252 + which is largest |
| scales | RGB | which of 256 logarithms in `scales.codebook` |
| sh0 | RGB | which of 256 first coefficients in `sh0.codebook` |
| | A | 255 opacity |
| shN_labels | RG | lower and upper byte of the row of the palette |
| shN_centroids | RGB | a row of the palette: k pixels, 64 rows side by side; which of 256 in `shN.codebook` |

`meta.json` holds `version`, `count`, and of each of these `files` and numbers; `shN` (with `count` of rows and `bands`,
1 to 3) is missing where there are no further harmonics. Pixels go row by row; those beyond `count` are passed over.

Gaussians are written along a Morton curve, so that neighbours look alike: their order is not kept. Axes are those of
the .ply that PlayCanvas' own converter would make it of: nothing is flipped. Version 1, which has no `version`, is not
read, nor is the form that is a folder.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from render.errors import FileFormatError
from render.files.atomic import write_atomically
from render.files.codebooks import codebook
from render.files.curve import along_curve
from render.files.sog_bundle import SogBundle
from render.files.values import SceneArrays, arrays_to_write, check_unfolded, gaussians_read, to_bytes
from render.files.webp import LARGEST_SIDE, to_webp
from render.gaussians import Gaussians

VERSION = 2
COEFFICIENTS = (0, 3, 8, 15)
"""Beyond the first, of degree 0 to 3."""
PALETTE_COLUMNS = 64
LARGEST_IN_FOUR = 252


def write_sog(path: Path, gaussians: Gaussians) -> None:
    """Write `gaussians`, in another order.

    Raises:
        FileFormatError: there is none, a value is not finite, a scale is not above 0, or a quaternion is 0.
        OutputError: the folder cannot be written.
    """
    arrays, count = arrays_to_write(path, gaussians), len(gaussians)
    if not 0 < count <= LARGEST_SIDE**2:
        raise FileFormatError(path, f"there are {count} Gaussians; a .sog holds one to {LARGEST_SIDE**2}.")
    order = along_curve(arrays.means)
    places = np.sign(arrays.means[order]) * np.log1p(np.abs(arrays.means[order].astype(np.float64)))
    low, high = places.min(0), places.max(0)
    steps = np.rint((places - low) / np.where(high > low, high - low, 1) * 65535).astype(np.uint16)
    scale_book, scales = codebook(np.log(arrays.scales[order].astype(np.float64)))
    colour_book, colours = codebook(arrays.sh[order, 0].astype(np.float64))
    opacities = to_bytes(255 * arrays.opacities[order])[:, None]
    meta = {
        "version": VERSION,
        "asset": {"generator": "snapsplat"},
        "count": count,
        "means": {"mins": low.tolist(), "maxs": high.tolist()},
        "scales": {"codebook": _short(scale_book)},
        "quats": {},
        "sh0": {"codebook": _short(colour_book)},
    }
    pictures = {
        "means": {"means_l": _squared(steps & 255), "means_u": _squared(steps >> 8)},
        "scales": {"scales": _squared(scales)},
        "quats": {"quats": _squared(_packed_quats(arrays.quats_wxyz[order]))},
        "sh0": {"sh0": _squared(np.concatenate([colours, opacities], 1))},
    }
    if gaussians.sh_degree:
        meta["shN"], pictures["shN"] = _palette_of(arrays.sh[order, 1:])
    write_atomically(path, _zipped(meta, pictures))


def _palette_of(rest: Float32[np.ndarray, "n k 3"]) -> tuple[dict, dict]:
    # Its kernels take a while to load.
    from render.files.palette import palette

    count, coeff, _ = rest.shape
    rows, labels = palette(np.ascontiguousarray(rest.reshape(count, -1)))
    book, chosen = codebook(rows.astype(np.float64))
    lines = -(-len(rows) // PALETTE_COLUMNS)
    centroids = np.zeros((lines * PALETTE_COLUMNS, coeff, 3), np.uint8)
    centroids[: len(rows)] = chosen.reshape(-1, coeff, 3)
    bytes_of_label = np.stack([labels & 255, labels >> 8, np.zeros_like(labels)], 1)
    meta = {"count": len(rows), "bands": COEFFICIENTS.index(coeff), "codebook": _short(book)}
    return meta, {
        "shN_centroids": centroids.reshape(lines, PALETTE_COLUMNS * coeff, 3),
        "shN_labels": _squared(bytes_of_label),
    }


def _short(book: Float32[np.ndarray, "256"]) -> list[float]:
    """With no more digits than float32 has."""
    return [float(str(number)) for number in book]


def _squared(rows: np.ndarray) -> UInt8[np.ndarray, "height width channel"]:
    """Rows as the pixels of a picture that is about as high as wide, with sides that are multiples of 4."""
    width = 4 * -(-int(np.ceil(np.sqrt(len(rows)))) // 4)
    width = min(width, LARGEST_SIDE)
    height = min(4 * -(-len(rows) // (4 * width)), LARGEST_SIDE)
    pixels = np.zeros((height * width, rows.shape[1]), np.uint8)
    pixels[: len(rows)] = rows
    return pixels.reshape(height, width, -1)


def _zipped(meta: dict, pictures: dict[str, dict[str, UInt8[np.ndarray, "height width channel"]]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for part, named in pictures.items():
            meta[part]["files"] = [f"{name}.webp" for name in named]
        # Entries by ZipInfo have no time of day: the same scene makes the same file.
        bundle.writestr(zipfile.ZipInfo("meta.json"), json.dumps(meta, allow_nan=False))
        for named in pictures.values():
            for name, pixels in named.items():
                bundle.writestr(zipfile.ZipInfo(f"{name}.webp"), to_webp(pixels))
    return buffer.getvalue()


def read_sog(path: Path) -> Gaussians:
    """The Gaussians of a .sog of version 2, in the file's order.

    Raises:
        FileFormatError: it is no such file, is cut off or damaged, or unfolds to far more than its size.
    """
    # What is too large for float32 is infinite, and refused in the end.
    with SogBundle(path) as bundle, np.errstate(over="ignore"):
        count = bundle.count
        bands = bundle.number("shN", "bands", 1, 3) if bundle.has("shN") else 0
        check_unfolded(path, count, bands)
        low, high = (bundle.numbers("means", key, 3) for key in ("mins", "maxs"))
        lower, upper = (bundle.pixels("means", which) for which in (0, 1))
        steps = upper[:, :3].astype(np.float64) * 256 + lower[:, :3]
        places = low + steps / 65535 * np.where(high > low, high - low, 1)
        quats = _unpacked_quats(path, bundle.pixels("quats", 0))
        scale_book = np.exp(bundle.numbers("scales", "codebook", 256)).astype(np.float32)
        scales = scale_book[bundle.pixels("scales", 0)[:, :3]]
        sh0 = bundle.pixels("sh0", 0)
        colours = bundle.numbers("sh0", "codebook", 256).astype(np.float32)[sh0[:, None, :3]]
        rest = _rest(path, bundle, bands) if bands else np.zeros((count, 0, 3), np.float32)
        arrays = SceneArrays(
            means=(np.sign(places) * np.expm1(np.abs(places))).astype(np.float32),
            quats_wxyz=quats,
            scales=scales,
            opacities=sh0[:, 3].astype(np.float32) / 255,
            sh=np.concatenate([colours, rest], 1),
        )
    return gaussians_read(path, arrays)


def _rest(path: Path, bundle: SogBundle, bands: int) -> Float32[np.ndarray, "n k 3"]:
    rows, coeff = bundle.number("shN", "count", 1, 1 << 16), COEFFICIENTS[bands]
    label_bytes = bundle.pixels("shN", 1)
    labels = label_bytes[:, 1].astype(np.int64) * 256 + label_bytes[:, 0]
    if len(labels) and labels.max() >= rows:
        raise FileFormatError(path, f"a Gaussian has the row {labels.max()} of its palette, which has {rows}.")
    picture = bundle.picture("shN", 0)
    if picture.shape[1] != PALETTE_COLUMNS * coeff or picture.shape[0] * PALETTE_COLUMNS < rows:
        raise FileFormatError(
            path,
            f"its palette is {picture.shape[1]} x {picture.shape[0]} pixels; {PALETTE_COLUMNS * coeff} x "
            f"{-(-rows // PALETTE_COLUMNS)} are right for {rows} rows of degree {bands}.",
        )
    # The palette first, then each Gaussian's row: there are far more of these than of its rows.
    book = bundle.numbers("shN", "codebook", 256).astype(np.float32)
    return book[picture.reshape(-1, coeff, 4)[:rows, :, :3]][labels]


def _packed_quats(quats_wxyz: Float32[np.ndarray, "n 4"]) -> UInt8[np.ndarray, "n 4"]:
    largest = np.abs(quats_wxyz).argmax(1)
    signed = np.where(np.take_along_axis(quats_wxyz, largest[:, None], 1) < 0, -quats_wxyz, quats_wxyz)
    others = signed[np.arange(4) != largest[:, None]].reshape(-1, 3)
    packed = to_bytes(255 * (others * np.float32(np.sqrt(0.5)) + np.float32(0.5)))
    return np.concatenate([packed, (LARGEST_IN_FOUR + largest)[:, None].astype(np.uint8)], 1)


def _unpacked_quats(path: Path, packed: UInt8[np.ndarray, "n 4"]) -> Float32[np.ndarray, "n 4"]:
    if len(packed) and packed[:, 3].min() < LARGEST_IN_FOUR:
        raise FileFormatError(path, f"a rotation is marked {packed[:, 3].min()}; {LARGEST_IN_FOUR} to 255 are right.")
    others = (packed[:, :3] / 255 - 0.5) * np.sqrt(2)
    largest = packed[:, 3].astype(np.int64) - LARGEST_IN_FOUR
    quats = np.empty((len(packed), 4))
    quats[np.arange(4) != largest[:, None]] = others.ravel()
    quats[np.arange(len(packed)), largest] = np.sqrt(np.maximum(0, 1 - (others**2).sum(1)))
    return quats.astype(np.float32)
