"""A request as its header announces it, checked before any of its bytes are read."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from render.cameras import Scale
from render.errors import CamerasError
from render.files.cameras_json import CameraRow, CamerasFile, camera_row
from server.caller import claim
from server.config import LimitsConfig
from server.errors import RequestError, TooLargeError, UnknownNameError
from server.offer import SEEDS, Model, Offer
from server.pb import camera_pb2, request_pb2

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_NAME_BYTES = 200
"""File systems hold 255; outputs append to it, and so do temporary names."""
SHA256_BYTES = 32

_PRIORITIES = {
    request_pb2.PRIORITY_UNSPECIFIED: 0,
    request_pb2.PRIORITY_LOW: -1,
    request_pb2.PRIORITY_NORMAL: 0,
    request_pb2.PRIORITY_HIGH: 1,
}
_SCALES: dict[int, Scale] = {
    camera_pb2.SCALE_UNSPECIFIED: "relative",
    camera_pb2.SCALE_RELATIVE: "relative",
    camera_pb2.SCALE_METRIC: "metric",
}


@dataclass(frozen=True)
class Part:
    """One file that follows."""

    field: str
    """Where the header speaks of it: `images[3].photo`."""
    image: int
    """Place in the list of images."""
    is_mask: bool
    """A mask, or else a photo."""
    size_bytes: int
    sha256: bytes


@dataclass(frozen=True)
class Request:
    """What is asked for; only the files are missing."""

    id: str
    """As `server.caller.claim` has it."""
    fingerprint: str
    """Equal for equal headers, and for no others: 64 hexadecimal digits."""
    model: Model
    size_px: int
    """Long side of the working grid."""
    seed: int
    names: tuple[str, ...]
    """File name of each photo."""
    cameras: CamerasFile
    """What is known of them, in rows by name."""
    file_kinds: tuple[str, ...]
    """What is to come back."""
    priority: int
    """As `server.jobs.Job` has it."""
    parts: tuple[Part, ...]
    """All files, in the order in which they follow."""

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(part.size_bytes for part in self.parts)


def read_header(header: request_pb2.ReconstructHeader, offer: Offer, limits: LimitsConfig) -> Request:
    """What a header asks for, with the server's defaults where it says nothing.

    Raises:
        RequestError: it makes no sense; the error has the field's path.
        UnknownNameError: it names a model or a kind of file that there is none of.
        TooLargeError: it announces more bytes than are taken.
    """
    check_id(header.request_id)
    # First of all, so that the log says whose request is refused.
    key = claim(header.request_id)
    options = header.options
    model = chosen_model(options.model if options.HasField("model") else None, "options.model", offer)
    size_px = options.size_px if options.HasField("size_px") else offer.default_size_px
    if size_px not in offer.sizes_px:
        right = f"{offer.sizes_px[0]} to {offer.sizes_px[-1]} is expected"
        raise RequestError("options.size_px", f"is {size_px}; {right}.")
    seed = options.seed if options.HasField("seed") else offer.default_seed
    if seed not in SEEDS:
        raise RequestError("options.seed", f"is {seed}; 0 to {SEEDS[-1]} is expected.")
    if header.priority not in _PRIORITIES:
        raise RequestError("priority", f"is {header.priority}, which is none.")
    if header.scale not in _SCALES:
        raise RequestError("scale", f"is {header.scale}, which is none.")
    names = _names(header.images, model)
    rows = {name: _camera(image.camera, i) for i, (name, image) in enumerate(zip(names, header.images, strict=True))}
    return Request(
        id=key,
        fingerprint=hashlib.sha256(header.SerializeToString(deterministic=True)).hexdigest(),
        model=model,
        size_px=size_px,
        seed=seed,
        names=names,
        cameras=CamerasFile(_SCALES[header.scale], rows),
        file_kinds=_file_kinds(header.file_kinds, offer),
        priority=_PRIORITIES[header.priority],
        parts=_parts(header.images, limits),
    )


def check_id(request_id: str) -> None:
    """Refuse what is no id.

    Raises:
        RequestError: it is empty, too long, or has other characters than it may.
    """
    if not REQUEST_ID.fullmatch(request_id):
        raise RequestError("request_id", f"is {_shown(request_id)}; 1 to 64 of A-Z a-z 0-9 . _ - are expected.")


def chosen_model(name: str | None, field: str, offer: Offer) -> Model:
    """The model of that name; the default without one. `field` is what named it.

    Raises:
        UnknownNameError: there is none.
    """
    if name is None:
        return offer.models[0]
    for model in offer.models:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in offer.models)
    raise UnknownNameError(field, f"is {_shown(name)}; this server has {known}.")


def _file_kinds(asked: Sequence[str], offer: Offer) -> tuple[str, ...]:
    for i, kind in enumerate(asked):
        if kind not in offer.file_kinds:
            known = ", ".join(offer.file_kinds)
            raise UnknownNameError(f"file_kinds[{i}]", f"is {_shown(kind)}; this server can make {known}.")
    # In the server's order, each once.
    return tuple(kind for kind in offer.file_kinds if kind in asked) or offer.file_kinds[:1]


def _names(images: Sequence[request_pb2.ImageHeader], model: Model) -> tuple[str, ...]:
    if len(images) not in model.photos:
        right = f"{model.photos[0]} to {model.photos[-1]} are expected"
        raise RequestError("images", f"has {len(images)} entries; for model {model.name}, {right}.")
    first: dict[str, int] = {}
    for i, image in enumerate(images):
        name = image.name
        plain = name.isprintable() and not name.startswith(".") and not set(name) & set("/\\")
        if not (name and plain and len(name.encode()) <= MAX_NAME_BYTES):
            right = "a file name is expected: no folders, no special characters, no dot at the beginning"
            raise RequestError(f"images[{i}].name", f"is {_shown(name)}; {right}, at most {MAX_NAME_BYTES} bytes.")
        if first.setdefault(name, i) != i:
            raise RequestError(f"images[{i}].name", f"is {_shown(name)}, as of images[{first[name]}]; unique is right.")
    return tuple(image.name for image in images)


def _camera(known: camera_pb2.KnownCamera, i: int) -> CameraRow:
    """As a row of cameras.json, so that one place judges both."""
    lengths = {"fx": "fx_px", "fy": "fy_px", "cx": "cx_px", "cy": "cy_px"}
    entry: dict[str, object] = {key: getattr(known, name) for key, name in lengths.items() if known.HasField(name)}
    if known.HasField("size"):
        entry |= {"width": known.size.width_px, "height": known.size.height_px}
    if known.t_world_camera:
        numbers = list(known.t_world_camera)
        if len(numbers) != 16:
            raise RequestError(f"images[{i}].camera.t_world_camera", f"has {len(numbers)} numbers; 16 are expected.")
        entry["camera_to_world"] = [numbers[row : row + 4] for row in range(0, 16, 4)]
    try:
        return camera_row(entry, "is no camera")
    except CamerasError as error:
        raise RequestError(f"images[{i}].camera", str(error)) from error


def _parts(images: Sequence[request_pb2.ImageHeader], limits: LimitsConfig) -> tuple[Part, ...]:
    parts = []
    for i, image in enumerate(images):
        parts.append(_part(image.photo, f"images[{i}].photo", i, False, limits))
        if image.HasField("mask"):
            parts.append(_part(image.mask, f"images[{i}].mask", i, True, limits))
    total = sum(part.size_bytes for part in parts)
    if total > limits.max_request_bytes:
        raise TooLargeError(f"The files have {total} bytes together; at most {limits.max_request_bytes} are taken.")
    return tuple(parts)


def _part(payload: request_pb2.Payload, field: str, image: int, is_mask: bool, limits: LimitsConfig) -> Part:
    size = payload.size_bytes
    if size == 0:
        raise RequestError(f"{field}.size_bytes", "is 0; a file has 1 at least.")
    if size > limits.max_file_bytes:
        raise TooLargeError(f"{field} has {size} bytes; at most {limits.max_file_bytes} are taken.")
    if len(payload.sha256) != SHA256_BYTES:
        raise RequestError(f"{field}.sha256", f"has {len(payload.sha256)} bytes; {SHA256_BYTES} are expected.")
    return Part(field, image, is_mask, size, payload.sha256)


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 80 else f"{text[:77]!r}..."
