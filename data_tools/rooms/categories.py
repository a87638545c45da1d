"""What a piece of furniture is, guessed from its title and from where the catalogue puts it."""

import re
from typing import Literal

Category = Literal[
    "appliance",
    "bath",
    "bed",
    "chair",
    "decoration",
    "door",
    "fitting",
    "food",
    "lamp",
    "other",
    "outdoor",
    "person",
    "plant",
    "rug",
    "shelf",
    "sofa",
    "stairs",
    "table",
    "vehicle",
    "window",
]

WORDS: tuple[tuple[Category, str], ...] = (
    ("fitting", r"plug|socket|switch|intercom|smoke detector|entry (bell ring|speech unit)|radiator"),
    ("lamp", r"lamps?|lights?|chandelier|lantern|spotlights?|fluorescent|sconce|lamppost|candle"),
    ("window", r"windows?|shutters?|blinds?"),
    ("rug", r"rugs?|carpet|doormat|bathmat|tatami"),
    ("plant", r"plants?|trees?|flowers?|ficus|cactus|tulips?|lily|bamboo|bush|hedge|bonsai|palm|pine|orchids|yucca"),
    ("plant", r"spathiphyllum|acacia|beech|cypress|maple|peach blossom|poplar"),
    ("table", r"tables?(?! fan| tennis bat)|desks?|workbench"),
    ("sofa", r"sofas?|couch|futon"),
    ("chair", r"chairs?|armchairs?|stools?|bench|seat|ottoman|puff"),
    ("bed", r"beds?|crib|cradle|hammock|mattress"),
    ("shelf", r"shelf|shelves|bookcases?|cupboards?|cabinets?|wardrobes?|drawers?|chest(?! freezer)|dresser|rack"),
    ("appliance", r"fridge|freezer|refrigerator|oven|stove|cooker|washing machine|dryer machine|tv|hood|microwave"),
    ("bath", r"washbasin|bath|bathtub|shower|toilets?|sink|urinal|bidet|basin|jacuzzi"),
    ("decoration", r"vases?|paintings?|frame|mirrors?|clock|statues?|books?|curtains?|cushions?|pillows?"),
    ("food", r"bread(?! box)|cake|fruits?|apples|sushi|steak|chicken|salad|fries|hot dog|hamburger|butter"),
    ("door", r"doors?|gate"),
)
"""In this order: a desk lamp is a lamp, a bathroom cabinet a cabinet."""
ROOMS: dict[str, Category] = {
    "bathroom": "bath",
    "characters": "person",
    "doors and windows": "door",
    "exterior": "outdoor",
    "lights": "lamp",
    "staircases": "stairs",
    "vehicles": "vehicle",
}
DECIDED = ("characters", "vehicles", "staircases", "doors and windows")
"""Where the catalogue's own category says more than the title."""


def category_of(title: str, catalogue_category: str, opening: bool) -> Category:
    """A guess; `other` where nothing tells."""
    place = catalogue_category.lower()
    if opening or place == "doors and windows":
        return "window" if re.search(r"window|shutter|blind", title, re.IGNORECASE) else "door"
    if place in DECIDED:
        return ROOMS[place]
    for category, words in WORDS:
        if re.search(rf"\b({words})\b", title, re.IGNORECASE):
            return category
    return ROOMS.get(place, "other")
