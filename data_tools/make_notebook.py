"""Run notebooks/viewer.ipynb and keep its pictures: `python -m data_tools.make_notebook`.

Its code cells run in order in this process, without Jupyter. Of a cell's last value its picture or else its text is
kept; HTML is not, since a scene takes megabytes and its picture stands for it.
"""

import ast
import base64
import json
import os
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parents[1] / "notebooks/viewer.ipynb"
PICTURES = {"_repr_jpeg_": "image/jpeg", "_repr_png_": "image/png"}


def main() -> None:
    notebook = json.loads(NOTEBOOK.read_text())
    os.chdir(NOTEBOOK.parent)
    run(notebook)
    NOTEBOOK.write_text(json.dumps(notebook, indent=1) + "\n")
    print(f"{NOTEBOOK.name}: {NOTEBOOK.stat().st_size} bytes")


def run(notebook: dict[str, Any], changed: dict[str, Any] | None = None) -> list[Any]:
    """Run all code cells, put outputs and counts into them, and give their last values.

    `changed`: names that keep the values given here, whatever cells assign to them.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    values = []
    for count, cell in enumerate((c for c in notebook["cells"] if c["cell_type"] == "code"), 1):
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"cell {count}", "exec"), names)
        names |= changed or {}
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"cell {count}", "eval"), names)
        cell["execution_count"] = count
        cell["outputs"] = [] if value is None else [_output(value, count)]
        values.append(value)
    return values


def _output(value: Any, count: int) -> dict[str, Any]:
    shown = {"text/plain": repr(value).splitlines(keepends=True)}
    kinds = [(method, kind) for method, kind in PICTURES.items() if hasattr(value, method)]
    # A picture of PIL knows both: the smaller one, which for photos is JPEG.
    for method, kind in kinds[:1]:
        shown = {kind: base64.b64encode(getattr(value, method)()).decode(), "text/plain": shown["text/plain"]}
    return {"data": shown, "execution_count": count, "metadata": {}, "output_type": "execute_result"}


if __name__ == "__main__":
    main()
