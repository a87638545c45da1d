"""Opens a scene in a viewer that others wrote, in a headless browser, and keeps what it shows.

    python -m tests.browser.open_scene out/demo --picture out/viewer.png

Needs Chromium and npm (Debian: `apt install chromium npm`); package.json pins the viewer.
The viewer's camera is put where a photo was taken, so that its picture can be held against the photo.
"""

import argparse
import functools
import http.server
import json
import math
import queue
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from tests.browser.chromium import FLAGS, MISSING, find_chromium

HERE = Path(__file__).resolve().parent


class Page(http.server.SimpleHTTPRequestHandler):
    """Gives the page, the viewer, the scene and its camera; takes the picture back."""

    def __init__(self, *request, scene: Path, camera: dict, answers: queue.Queue):
        self.scene, self.camera, self.answers = scene, camera, answers
        super().__init__(*request, directory=str(HERE))

    def do_GET(self) -> None:
        """One of four things, and files of the viewer."""
        if self.path == f"/scene{self.scene.suffix}":
            self.send_content(self.scene.read_bytes(), "application/octet-stream")
        elif self.path == "/camera.json":
            self.send_content(json.dumps(self.camera).encode(), "application/json")
        elif self.path == "/page.html" or self.path.startswith("/node_modules/"):
            super().do_GET()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """What the page has to say: its picture or its failure."""
        self.answers.put((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_content(b"", "text/plain")

    def send_content(self, content: bytes, kind: str) -> None:
        """A whole answer."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *values) -> None:
        """Requests are not worth a line."""


def registered_camera(cameras: dict, image: str | None) -> dict:
    """The row of `image` in `cameras.json`, or the first registered one."""
    for row in cameras["cameras"]:
        if row["registered"] and image in (None, row["image"]):
            return row
    raise SystemExit(f"cameras.json has no registered camera for {image or 'any photo'}.")


def viewer_camera(row: dict, width: int) -> dict:
    """A row of `cameras.json` as viewers ask for it: centre, direction, up, field of view.

    In OpenCV axes up is -y and forward +z, so both are columns of the rotation.
    """
    pose = row["camera_to_world"]
    centre = [pose[i][3] for i in range(3)]
    return {
        "centre": centre,
        "look_at": [centre[i] + pose[i][2] for i in range(3)],
        "up": [-pose[i][1] for i in range(3)],
        "vertical_fov_degrees": math.degrees(2 * math.atan(row["height"] / (2 * row["fy"]))),
        "size_wh": [width, round(width * row["height"] / row["width"])],
    }


def take_picture(scene: Path, camera: dict, timeout_s: float) -> bytes:
    """PNG of what the viewer shows of `scene` from `camera`."""
    program = find_chromium()
    if program is None:
        raise SystemExit(MISSING)
    answers: queue.Queue[tuple[str, bytes]] = queue.Queue()
    handler = functools.partial(Page, scene=scene, camera=camera, answers=answers)
    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/page.html#scene{scene.suffix}"
        browser = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            path, content = answers.get(timeout=timeout_s)
        except queue.Empty:
            raise SystemExit(f"The viewer has shown nothing for {timeout_s:g} seconds.") from None
        finally:
            browser.terminate()
            browser.wait()
            server.shutdown()
    if path != "/picture":
        raise SystemExit(f"The viewer failed: {content.decode()}")
    return content


def main() -> None:
    """Read the arguments, fetch the viewer once, take the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="what `snapsplat reconstruct` wrote: scene.ply and cameras.json")
    parser.add_argument("--picture", type=Path, required=True, help="the PNG to write")
    parser.add_argument("--scene", type=Path, help="another file of this scene: .ply, .compressed.ply, .splat, .spz")
    parser.add_argument("--image", help="photo whose camera is taken; without it, the first registered one")
    parser.add_argument("--width", type=int, default=400, help="of the picture, in pixels")
    parser.add_argument("--timeout", type=float, default=120, help="seconds to wait for the viewer")
    arguments = parser.parse_args()
    if shutil.which("npm") is None:
        raise SystemExit("npm is missing: install the system package npm.")
    if not (HERE / "node_modules").is_dir():
        install = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(install, cwd=HERE, check=True)
    cameras = json.loads((arguments.folder / "cameras.json").read_text())
    row = registered_camera(cameras, arguments.image)
    camera = viewer_camera(row, arguments.width)
    picture = take_picture(arguments.scene or arguments.folder / "scene.ply", camera, arguments.timeout)
    arguments.picture.parent.mkdir(parents=True, exist_ok=True)
    arguments.picture.write_bytes(picture)
    print(f"{arguments.picture}: {len(picture)} bytes, as seen from {row['image']}")


if __name__ == "__main__":
    main()
