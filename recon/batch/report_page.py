"""What became of each scene, as one page that opens from the disk: a row a scene, pictures and all."""

import base64
import html
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np

from recon.batch.ledger import Entry

THUMBNAIL_PX = 120
"""Height."""
JPEG_QUALITY = 70
DRAWING = 4
"""Pictures that are made small at a time."""
_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; color: #222; }
table { border-collapse: collapse; } th, td { padding: .3em .8em; text-align: left; vertical-align: top; }
tr { border-top: 1px solid #ddd; } td.number { text-align: right; } img { height: 120px; display: block; }
.failed { background: #fdecea; } .poor { background: #fff6e0; } .waiting, .running { color: #888; }
"""


def page_of(entries: Sequence[Entry], out: Path) -> bytes:
    """The page; failed scenes first, then by quality, the worst first: what wants looking at is on top."""
    ordered = sorted(entries, key=lambda e: (e.state != "failed", e.quality if e.quality is not None else -1.0, e.id))
    with ThreadPoolExecutor(DRAWING) as pool:
        pictures = pool.map(lambda entry: _thumbnail(out / entry.id / "preview.png", entry), ordered)
        rows = [_row(entry, picture) for entry, picture in zip(ordered, pictures, strict=True)]
    return "\n".join(_page(entries, rows)).encode()


def _page(entries: Sequence[Entry], rows: Sequence[str]) -> Iterator[str]:
    states = [entry.state for entry in entries]
    counts = f"{states.count('done')} of {len(states)} scenes made, {states.count('failed')} failed"
    worked = sum(entry.seconds or 0.0 for entry in entries)
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>{counts}</title><style>{_STYLE}</style></head><body>'
    yield f"<h1>{counts}</h1>"
    yield f"<p>{worked / 3600:.2f} hours of work. Written {time.strftime('%Y-%m-%d %H:%M')}.</p>"
    yield "<table><thead><tr><th>Scene<th>Preview<th>Verdict<th>Quality<th>Photos<th>Seconds<th>Memory<th>Why not</tr>"
    yield "</thead><tbody>"
    yield from rows
    yield "</tbody></table></body></html>"


def _row(entry: Entry, picture: str) -> str:
    name = html.escape(entry.id)
    if entry.state == "done":
        name = f'<a href="{html.escape(quote(entry.id))}/">{name}</a>'
    image = f'<img loading="lazy" alt="" src="data:image/jpeg;base64,{picture}">' if picture else ""
    verdict = html.escape(entry.verdict or entry.state)
    cells = [
        f"<td>{name}",
        f"<td>{image}",
        f"<td>{verdict}",
        f'<td class="number">{_number(entry.quality, "{:.2f}")}',
        f'<td class="number">{_number(entry.photos, "{}")}',
        f'<td class="number">{_number(entry.seconds, "{:.1f}")}',
        f'<td class="number">{_number(entry.peak_bytes and entry.peak_bytes / 1e9, "{:.1f} GB")}',
        f"<td>{html.escape(entry.error or '')}",
    ]
    return f'<tr class="{verdict if entry.state == "done" else html.escape(entry.state)}">{"".join(cells)}</tr>'


def _number(value: float | int | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _thumbnail(file: Path, entry: Entry) -> str:
    """A preview made small, in base64; empty where there is none."""
    if entry.state != "done" or not file.is_file():
        return ""
    # By way of memory: OpenCV takes no path that is not UTF-8.
    content = np.fromfile(file, np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        return ""
    size = max(1, round(picture.shape[1] * THUMBNAIL_PX / picture.shape[0])), THUMBNAIL_PX
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return base64.b64encode(encoded.tobytes()).decode()
