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
    ("lamp", r"lamps?|lights?|chandelier|lantern|spotlights?|fluorescent|sconce|candelabrum|lamppost|candle"),
    ("window", r"windows?|shutters?|blinds?|skylight"),
    ("rug", r"rugs?|carpet|doormat|bathmat|bath mat|mat|tatami"),
    ("plant", r"plants?|trees?|flowers?|ficus|cactus|tulips?|lily|lilies|bamboo|bush|hedge|bonsai|palm|grass|pine|fir"),
    ("table", r"tables?|desks?|countertop|workbench|console"),
    ("sofa", r"sofas?|couch|settee|futon|loveseat|divan"),
    ("chair", r"chairs?|armchairs?|stools?|bench|seat|ottoman|pouf|puff|rocker"),
    ("bed", r"beds?|crib|cradle|bunk|hammock|mattress"),
    ("shelf", r"shelf|shelves|bookcases?|cupboards?|cabinets?|wardrobes?|drawers?|chest|dresser|closet|sideboard|rack"),
    ("appliance", r"fridge|freezer|oven|stove|cooker|washing machine|dishwasher|dryer|tv|television|hood|microwave"),
    ("bath", r"washbasin|bath|bathtub|shower|toilet|sink|urinal|bidet|basin|jacuzzi|toilets"),
    (
        "decoration",
        r"vases?|pictures?|paintings?|frames?|mirrors?|clock|statues?|books?|curtains?|cushions?|pillows?",
    ),
    ("food", r"bread|cake|fruits?|apples?|bananas?|cheese|pizza|sushi|steak|chicken|salad|fries|hot dog|sandwich"),
    ("door", r"doors?|gate"),
)
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
