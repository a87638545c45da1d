"""Which packages carry photos and photographed textures that anybody may use, and which of their files those are."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["photo", "texture"]
"""A texture fills its frame with one material; a photo shows something, such as a landscape or a painting."""


@dataclass(frozen=True)
class DebianSource:
    """The licence and the credit of each file come from the package's copyright file."""

    package: str
    patterns: tuple[str, ...]
    """Of the paths inside the package."""
    kind: Kind


@dataclass(frozen=True)
class WheelSource:
    """A wheel of PyPI, whose files share a licence."""

    requirement: str
    patterns: tuple[str, ...]
    kind: Kind
    licence: str
    credit: str
    without: tuple[str, ...] = ()
    """File names, without their endings, of what is no photo or not a thing of rooms."""


DEBIAN: tuple[DebianSource, ...] = (
    DebianSource("endless-sky-data", ("*/images/land/*.jpg", "*/images/scene/loc*.jpg"), "photo"),
    DebianSource("lomiri-wallpapers-16.04", ("usr/share/backgrounds/*.jpg",), "photo"),
    DebianSource("lomiri-wallpapers-20.04", ("usr/share/backgrounds/*.jpg",), "photo"),
)

SKIMAGE = "scikit-image==0.26.0"
SKLEARN = "scikit-learn==1.9.1"
MINIWORLD = "miniworld==2.1.0"

WHEELS: tuple[WheelSource, ...] = (
    WheelSource(SKIMAGE, ("skimage/data/astronaut.png",), "photo", "public-domain", "NASA"),
    WheelSource(SKIMAGE, ("skimage/data/camera.png",), "photo", "CC0-1.0", "Lav Varshney"),
    WheelSource(SKIMAGE, ("skimage/data/chelsea.png",), "photo", "CC0-1.0", "Stefan van der Walt"),
    WheelSource(SKIMAGE, ("skimage/data/coffee.png",), "photo", "CC0-1.0", "Rachel Michetti"),
    WheelSource(SKIMAGE, ("skimage/data/rocket.jpg",), "photo", "CC0-1.0", "SpaceX"),
    WheelSource(
        SKIMAGE, tuple(f"skimage/data/{n}.png" for n in ("brick", "grass", "gravel")), "texture", "CC0-1.0", "ambientCG"
    ),
    WheelSource(SKLEARN, ("sklearn/datasets/images/china.jpg",), "photo", "CC-BY-2.0", "danielbuechele"),
    WheelSource(SKLEARN, ("sklearn/datasets/images/flower.jpg",), "photo", "CC-BY-2.0", "vultilion"),
    WheelSource(MINIWORLD, ("miniworld/textures/portraits/*.png",), "photo", "public-domain", "the painter"),
    WheelSource(
        MINIWORLD,
        ("miniworld/textures/*.png",),
        "texture",
        "Apache-2.0",
        "Maxime Chevalier-Boisvert and Farama Foundation",
        without=(
            *[f"door_{n}" for n in ("doom_1", "doom_2", "steel_brown", "steel_grey", "steel_red")],
            *["lava_1", "lava_2", "logo_mila_1", "picket_fence_1", "slime_1", "white_1"],
            *["water_1", "water_2", "water_3"],
        ),
    ),
    WheelSource(
        "metaworld==3.1.1",
        ("metaworld/assets/textures/*.png", "metaworld/assets/scene/textures/*.png"),
        "texture",
        "MIT",
        "Meta-World team and Farama Foundation",
        without=("height1", "navy_blue", "tennis"),
    ),
    WheelSource(
        "robosuite==1.5.2",
        ("robosuite/models/assets/textures/*.png",),
        "texture",
        "MIT",
        "Stanford Vision and Learning Lab and UT Robot Perception and Learning Lab",
        without=("bread", "can", "ceramic", "cereal", "glass", "lemon", "soda"),
    ),
)
