"""Questions about what is there, as messages."""

from typing import TYPE_CHECKING

from server.pb import camera_pb2, service_pb2

if TYPE_CHECKING:
    from render.cameras import Cameras


def plan_request(photos: int, grid_wh: tuple[int, int], model: str | None) -> service_pb2.PlanRequest:
    """What a scene would cost."""
    width, height = grid_wh
    return service_pb2.PlanRequest(model=model, photos=photos, grid=camera_pb2.Size(width_px=width, height_px=height))


def render_request(request_id: str, cameras: "Cameras", png: bool) -> service_pb2.RenderRequest:
    """Images of a scene, PNG or JPEG."""
    kind = service_pb2.IMAGE_FORMAT_PNG if png else service_pb2.IMAGE_FORMAT_JPEG
    return service_pb2.RenderRequest(request_id=request_id, cameras=_path(cameras), format=kind)


def _path(cameras: "Cameras") -> list[camera_pb2.Camera]:
    rows = zip(cameras.K_px.tolist(), cameras.T_world_camera.flatten(1).tolist(), cameras.size_wh.tolist(), strict=True)
    return [
        camera_pb2.Camera(
            size=camera_pb2.Size(width_px=width, height_px=height),
            intrinsics=camera_pb2.Intrinsics(fx_px=K[0][0], fy_px=K[1][1], cx_px=K[0][2], cy_px=K[1][2]),
            t_world_camera=T,
        )
        for K, T, (width, height) in rows
    ]
