"""What a worker says of a scene -> what a client is told."""

from collections.abc import Sequence
from typing import Any

from server.messages import Placed, StageDone
from server.pb import camera_pb2, result_pb2

_ORIGINS = {
    "given": camera_pb2.CAMERA_ORIGIN_GIVEN,
    "solved": camera_pb2.CAMERA_ORIGIN_SOLVED,
    "guessed": camera_pb2.CAMERA_ORIGIN_GUESSED,
    "not registered": camera_pb2.CAMERA_ORIGIN_NOT_REGISTERED,
}
_SCALES = {"relative": camera_pb2.SCALE_RELATIVE, "metric": camera_pb2.SCALE_METRIC}
_VERDICTS = {
    "good": result_pb2.VERDICT_GOOD,
    "usable": result_pb2.VERDICT_USABLE,
    "poor": result_pb2.VERDICT_POOR,
}


def progress_of(done: StageDone) -> result_pb2.ResultEvent:
    """A stage is done."""
    return result_pb2.ResultEvent(progress=result_pb2.Progress(stage=done.stage, seconds=done.seconds))


def cameras_of(placed: Placed, names: Sequence[str]) -> camera_pb2.Cameras:
    """Where the photos were taken from; `names` are theirs."""
    photos = [
        camera_pb2.PlacedPhoto(
            name=name,
            origin=_ORIGINS[origin],
            camera=None if origin == "not registered" else _camera(placed, i),
        )
        for i, (name, origin) in enumerate(zip(names, placed.origin, strict=True))
    ]
    return camera_pb2.Cameras(scale=_SCALES[placed.scale], photos=photos)


def _camera(placed: Placed, photo: int) -> camera_pb2.Camera:
    (fx, _, cx), (_, fy, cy), _ = placed.K_px[photo].tolist()
    width, height = placed.size_wh[photo].tolist()
    return camera_pb2.Camera(
        size=camera_pb2.Size(width_px=width, height_px=height),
        intrinsics=camera_pb2.Intrinsics(fx_px=fx, fy_px=fy, cx_px=cx, cy_px=cy),
        t_world_camera=placed.T_world_camera[photo].flatten().tolist(),
    )


def summary_of(report: dict[str, Any]) -> result_pb2.Summary:
    """What `report.json` says, in short; but for `seconds` and `queued_seconds`, which only the desk knows."""
    stages = [result_pb2.StageTime(stage=name, seconds=stage["seconds"]) for name, stage in report["stages"].items()]
    return result_pb2.Summary(
        photos=report["photos"],
        registered=report["registered"],
        gaussians=report["gaussians"],
        verdict=_VERDICTS[report["verdict"]],
        quality=report["quality"],
        verdict_because=report["verdict_because"],
        stages=stages,
        warnings=report["warnings"],
    )
