"""What is to be done: of the scenes of a list those that no earlier run has made of the same files and options."""

import json
import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

from recon.batch.folders import is_whole, refuse_strangers
from recon.batch.ledger import DISK_FULL, Entry, kind_of, storable
from recon.batch.places import InputFile
from recon.batch.scene import Scene
from recon.batch.scene_options import code_version
from recon.batch.survey import Inputs, find_inputs, grid_wh, looked_at, sha256_of
from recon.cost import Load
from recon.images import NotThereError
from render.errors import BackendError, SnapsplatError

log = logging.getLogger("recon.batch")


@dataclass(frozen=True)
class Todo:
    """A scene that is to be made."""

    scene: Scene
    inputs: Inputs
    grid_wh: tuple[int, int]
    attempt: int
    """How often it was begun before."""

    @property
    def load(self) -> Load:
        """What it is as a batch of its own."""
        return Load(len(self.inputs.photos), *self.grid_wh)


@dataclass
class Agenda:
    """What a run finds before it begins."""

    todo: list[Todo] = field(default_factory=list)
    refused: list[Entry] = field(default_factory=list)
    """Scenes whose files cannot be used, as the ledger is to have them."""
    kept: list[Entry] = field(default_factory=list)
    """Done before, or failed before."""
    made: set[str] = field(default_factory=set)
    """Ids of scenes to be made or refused that have a folder, which is not of these files and options, and holds
    nothing else."""
    touched: list[Entry] = field(default_factory=list)
    """Done before, of files that were written anew with the same content."""


def make_agenda(scenes: list[Scene], entries: dict[str, Entry], out: Path, retry_failed: bool) -> Agenda:
    """Look at every scene's files, which takes a while, and compare them with what the ledger has.

    Raises:
        OutputError: where a scene is to be, there is what no run has made.
    """
    agenda = Agenda()

    def look(scene: Scene) -> Inputs | SnapsplatError:
        try:
            return find_inputs(scene)
        except SnapsplatError as error:
            return error

    for scene, found in looked_at(scenes, look):
        entry = entries.get(scene.id)
        if entry is not None and _is_kept(scene, found, entry, out, retry_failed):
            if entry.state == "done" and isinstance(found, SnapsplatError):
                log.warning("%s: %s What was made of it stays.", scene.id, found)
            agenda.kept.append(entry)
        elif entry is not None and entry.state == "done" and _only_touched(scene, found, entry, out):
            agenda.touched.append(replace(entry, inputs=_inputs(found, json.loads(entry.inputs))))
        else:
            _add(agenda, scene, found, entry, out)
    return agenda


def new_entry(scene: Scene, inputs: Inputs | SnapsplatError, attempt: int) -> Entry:
    """As the ledger has it before it is made."""
    return Entry(
        id=scene.id,
        state="waiting",
        attempt=attempt,
        images=storable("; ".join(scene.images)),
        photos=len(inputs.photos) if isinstance(inputs, Inputs) else None,
        grid=None,
        config=scene.options.digest,
        code=code_version(),
        inputs=_inputs(inputs, []),
    )


def _add(agenda: Agenda, scene: Scene, found: Inputs | SnapsplatError, entry: Entry | None, out: Path) -> None:
    attempt, made = (0, {}) if entry is None else (entry.attempt, entry.made)
    if made:
        agenda.made.add(scene.id)
    if made or not isinstance(found, SnapsplatError):
        refuse_strangers(out / scene.id, made)
    try:
        if isinstance(found, SnapsplatError):
            raise found
        grid = grid_wh(found, scene.options.config.size)
        agenda.todo.append(Todo(scene, found, grid, attempt))
    except SnapsplatError as error:
        agenda.refused.append(new_entry(scene, found, attempt + 1).failed(kind_of(error), str(error)))


def _is_kept(scene: Scene, found: Inputs | SnapsplatError, entry: Entry, out: Path, retry_failed: bool) -> bool:
    same = entry.config == scene.options.digest and _stamps(entry.inputs) == _stamps(_inputs(found, []))
    if entry.state == "done":
        # Photos that are not there, moved away or where nothing can be seen now, do not cost what was made of them.
        same |= entry.config == scene.options.digest and isinstance(found, NotThereError | BackendError)
        return same and is_whole(out / scene.id, entry.made)
    return same and entry.state == "failed" and entry.error_kind != DISK_FULL and not retry_failed


def _only_touched(scene: Scene, found: Inputs | SnapsplatError, entry: Entry, out: Path) -> bool:
    """Whether files that look changed have the content that they had."""
    before = json.loads(entry.inputs)
    if isinstance(found, SnapsplatError) or entry.config != scene.options.digest or len(before) != len(found.files):
        return False
    sizes = [(file.name, file.bytes) for file in found.files]
    if sizes != [(name, size) for name, size, _, _ in before] or not is_whole(out / scene.id, entry.made):
        return False
    try:
        return all(sha256_of(file.place) == sha256 for file, (_, _, _, sha256) in zip(found.files, before, strict=True))
    except SnapsplatError:
        return False


def _stamps(inputs: str) -> list[list[object]]:
    return [one[:3] for one in json.loads(inputs)]


def _inputs(found: Inputs | SnapsplatError, before: list[list[object]]) -> str:
    """As the ledger has them; checksums of `before` are those of the same files."""
    files: tuple[InputFile, ...] = found.files if isinstance(found, Inputs) else ()
    sums = [one[3] for one in before] or [None] * len(files)
    return json.dumps([[f.name, f.bytes, f.stamp, s] for f, s in zip(files, sums, strict=True)])
