"""What a client asks for that only wants to know what a scene would cost."""

from recon.grid import STEP
from server.errors import RequestError
from server.jobs import Shape
from server.offer import Offer
from server.pb import service_pb2
from server.request import chosen_model


def read_plan(asked: service_pb2.PlanRequest, offer: Offer) -> Shape:
    """What would run.

    Raises:
        RequestError: no such scene can be made; the error has the field's path.
    """
    model = chosen_model(asked.model if asked.HasField("model") else None, "model", offer)
    if asked.photos not in model.photos:
        right = f"{model.photos[0]} to {model.photos[-1]} are expected"
        raise RequestError("photos", f"is {asked.photos}; for model {model.name}, {right}.")
    sides = asked.grid.width_px, asked.grid.height_px
    if max(sides) not in offer.sizes_px or min(sides) < 1:
        right = f"sides of 1 to {offer.sizes_px[-1]}, the longer one {offer.sizes_px[0]} or more"
        raise RequestError("grid", f"is {sides[0]} x {sides[1]}; {right} are expected.")
    width, height = (STEP * -(-side // STEP) for side in sides)
    return Shape(model.name, asked.photos, (width, height), offer.default_seed)
