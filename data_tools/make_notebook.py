"""Run the notebooks and keep their pictures: `python -m data_tools.make_notebook`.

Each runs in a Jupyter kernel of its own, from top to bottom. Of what a cell shows a picture is kept, or short HTML and
text; a scene's page is not, since it takes megabytes and its picture stands for it.
"""

import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from traitlets.config import Config

NOTEBOOKS = tuple(Path(__file__).parents[1] / "notebooks" / name for name in ("viewer.ipynb", "client.ipynb"))
PICTURES = ("image/jpeg", "image/png")
"""The first that a cell shows is kept: a picture of PIL is shown as both, and photos are smaller as JPEG."""
LONGEST_HTML = 2000
"""Characters."""
CELL_SECONDS = 600


def main() -> None:
    for path in NOTEBOOKS:
        ran = run(path)
        for cell in ran.cells:
            if cell.cell_type == "code":
                cell.outputs = [kept(output) for output in cell.outputs]
        nbformat.write(ran, path)
        print(f"{path.name}: {path.stat().st_size} bytes")


def run(path: Path, changed: str | None = None) -> NotebookNode:
    """The notebook with all that its cells show, run where it lies.

    `changed`: code that runs after the first cell, to give other values to what that cell sets.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    written = notebook.metadata.copy()
    first = next(at for at, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    if changed is not None:
        notebook.cells.insert(first + 1, new_code_cell(changed))
    where = {"metadata": {"path": path.parent}}
    with tempfile.TemporaryDirectory() as folder:
        # By files: the kernel opens no port.
        by_files = Config(KernelManager={"transport": "ipc", "connection_file": f"{folder}/kernel.json"})
        NotebookClient(notebook, timeout=CELL_SECONDS, record_timing=False, resources=where, config=by_files).execute()
    if changed is not None:
        del notebook.cells[first + 1]
    # Not this machine's version of Python.
    notebook.metadata = written
    return notebook


def kept(output: NotebookNode) -> NotebookNode:
    """What is saved of one output."""
    shown = output.get("data")
    if shown is None:
        return output
    pictures = [kind for kind in PICTURES if kind in shown][:1]
    html = ["text/html"] if not pictures and len(shown.get("text/html", "")) <= LONGEST_HTML else []
    output["data"] = NotebookNode({kind: shown[kind] for kind in (*pictures, *html, "text/plain") if kind in shown})
    return output


if __name__ == "__main__":
    main()
