"""A scene as one .html page: no network, no server, opens from disk."""

from dataclasses import replace

from render.edit import strongest
from render.view.room import AIM, BYTES_PER_MB, weights
from render.view.scene import ViewedScene
from render.view.stage import add_frustums, add_splats, quiet_server, set_out

FROM_DISK = """<script>
if (self.origin === "null") {
  const make = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (made) => {
    if (made instanceof Blob && made.type.startsWith("text/javascript")) throw new Error("blob: is no worker here");
    return make(made);
  };
}
</script>"""
"""A page from disk belongs to no site, and Chromium then starts no worker from a blob: address. viser's workers, which
put the splats in order, start from a data: address when blob: fails at once."""


def page(scene: ViewedScene, max_mb: float) -> tuple[str, int]:
    """The page, and how many Gaussians it shows: those that matter most, if all would pass `max_mb` megabytes.

    It begins where the first camera stood. Colours don't depend on direction.
    """
    shown = scene.as_shown()
    html, count = _html(shown), len(shown.gaussians)
    if len(html) <= max_mb * BYTES_PER_MB:
        return html, count
    empty, by = len(_html(replace(shown, gaussians=shown.gaussians[:1]))), weights(scene)
    room = max(max_mb * BYTES_PER_MB - empty, 0)
    while len(html) > max_mb * BYTES_PER_MB and count > 1:
        count = max(int(AIM * count * room / (len(html) - empty)), 1)
        html = _html(replace(shown, gaussians=strongest(shown.gaussians, count, by)))
    return html, count


def _html(scene: ViewedScene) -> str:
    # viser serializes what a server has; it listens on this machine for as long as that takes.
    with quiet_server() as server:
        set_out(server, scene)
        add_splats(server, "/scene", scene.gaussians)
        add_frustums(server, scene)
        html = server.get_scene_serializer().as_html(dark_mode=True)
    return html.replace("<head>", "<head>" + FROM_DISK, 1)
