"""The command `figure SPEC.yaml -o FILE`: figures of papers, made, and made again from their own files."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairx.commands.shared import print_json, print_rows, with_progress
from pairx.types import InputError

if TYPE_CHECKING:
    from pairx.figures import Figure

FORMATS = (".pdf", ".svg", ".png")


def add_figure(command: argparse.ArgumentParser) -> None:
    """The options of `figure`."""
    command.add_argument(
        "inputs",
        nargs="*",
        metavar="SPEC",
        help="a specification in YAML; a figure from here, to make it again; or, with --preset, photographs",
    )
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write: .pdf, .svg or .png")
    command.add_argument(
        "--dpi", type=int, metavar="N", help="of a .png (default: what the specification says, or 300)"
    )
    command.add_argument("--write-spec", type=Path, metavar="FILE", help="write the specification, for editing")
    preset = command.add_argument_group("presets", "figures of the papers, on the photographs given")
    preset.add_argument("--presets", action="store_true", help="list them")
    preset.add_argument("--preset", metavar="NAME", help="one of them")
    preset.add_argument(
        "--run", dest="of_run", metavar="RUN", help="folder of a run, for those that show one (default: the sample's)"
    )
    preset.add_argument("--model", metavar="NAME", help="a model (default: the preset's)")
    preset.add_argument("--layer", metavar="NAME", help="a layer, see `layers`")
    preset.add_argument("--width", metavar="MM", help="millimetres, or a journal's column, such as nature-single")


def figure(arguments: argparse.Namespace) -> None:
    """Make a figure, or make one again, or list what there is."""
    from pairx.figures import SpecError

    try:
        _figure(arguments)
    except SpecError as error:
        for line in error.lines[:-1]:
            print(f"pairx: {line}", file=sys.stderr)
        raise InputError(error.lines[-1]) from error


def _figure(arguments: argparse.Namespace) -> None:
    if arguments.presets:
        return _list(arguments.json)
    output = _checked(arguments.output)
    if arguments.dpi is not None and not 36 <= arguments.dpi <= 1200:
        raise InputError(f"dpi is 36 to 1200, not {arguments.dpi}.")
    own = [name for name in ("of_run", "model", "layer", "width") if getattr(arguments, name) is not None]
    if own and arguments.preset is None:
        raise InputError(f"--{own[0].removeprefix('of_')} is of presets: write it into the specification.")
    if arguments.preset is None and len(arguments.inputs) != 1:
        raise InputError("Give one specification, or photographs with --preset; --presets lists these.")
    if arguments.preset is None and Path(arguments.inputs[0]).suffix.lower() in FORMATS:
        return _again(Path(arguments.inputs[0]), output, arguments)
    text, folder = _specification(arguments)
    _make(text, folder, output, arguments)


def _list(as_json: bool) -> None:
    from pairx.figures import PRESETS

    given = {"pairs": "A B …", "three": "QUERY A B", "run": "--run RUN"}
    rows = [
        {"preset": name, "figure": one.title, "shows": one.about, "takes": given[one.given]}
        for name, one in PRESETS.items()
    ]
    print_rows(rows, ("preset", "figure", "shows", "takes"), as_json)


def _specification(arguments: argparse.Namespace) -> tuple[str, Path]:
    """The text of the specification, and the folder that its paths start at."""
    from pairx.figures import preset
    from pairx.figures.making import text_of, written

    if arguments.preset is None:
        path = Path(arguments.inputs[0])
        return text_of(path), path.absolute().parent
    said = {name: getattr(arguments, name) for name in ("model", "layer", "width")}
    return written(preset(arguments.preset, arguments.inputs, arguments.of_run or "sample", **said)), Path.cwd()


def _make(text: str, folder: Path, output: Path | None, arguments: argparse.Namespace) -> None:
    from pairx.figures import figure_steps, read_spec

    spec = read_spec(text)
    if arguments.write_spec is not None:
        _write_spec(text, arguments.write_spec)
    if output is None:
        if arguments.write_spec is None:
            raise InputError("Say where to write the figure: -o FIGURE.pdf, .svg or .png.")
        return
    made = with_progress(figure_steps(spec, folder))
    made.save(output, arguments.dpi)
    _report(made, output, arguments.json)


def _again(path: Path, output: Path | None, arguments: argparse.Namespace) -> None:
    """Make a figure again from its own file."""
    from pairx.figures import read_record, remake_steps
    from pairx.files import whole

    if arguments.write_spec is not None:
        return _write_spec(read_record(path)["spec"], arguments.write_spec)
    made = with_progress(remake_steps(path))
    for note in made.differs:
        print(f"pairx: {note}", file=sys.stderr)
    if output is not None and output.suffix.lower() == path.suffix.lower() and arguments.dpi is None:
        with whole(output) as new:
            new.write_bytes(made.data)
    elif output is not None:
        made.figure.save(output, arguments.dpi)
    said = "the same, byte for byte" if made.identical else "not the same file"
    _report(made.figure, output, arguments.json, again=f"{path}: made again, {said}", differs=list(made.differs))


def _report(made: Figure, output: Path | None, as_json: bool, again: str = "", **more: Any) -> None:
    from pairx.figures.drawing import table_of

    height = round(table_of(made).height)
    if as_json:
        size = {"width": made.spec.width, "height": height, "rows": len(made.panels), "columns": len(made.panels[0])}
        return print_json({"path": output and str(output), **size, "notes": made.notes, **more})
    if again:
        print(again)
    if output is not None:
        print(f"{output}: {len(made.panels)} x {len(made.panels[0])} panels, {made.spec.width:g} x {height} mm")
    for note in made.notes:
        print(f"  {note}")


def _write_spec(text: str, path: Path) -> None:
    from pairx.files import whole

    if not os.path.isdir(path.absolute().parent):
        raise InputError(f"{path.parent} is no folder. Make it first, or write somewhere else.")
    with whole(path) as new:
        new.write_text(text, encoding="utf-8")
    print(path)


def _checked(output: Path | None) -> Path | None:
    """Where to write, checked before anything is computed."""
    if output is None:
        return None
    if output.suffix.lower() not in FORMATS:
        raise InputError(f"{output}: a figure is written as {', '.join(FORMATS)}. End the name with one of them.")
    if not os.path.isdir(output.parent):
        raise InputError(f"{output.parent} is no folder. Make it first, or write somewhere else.")
    if os.path.isdir(output):
        raise InputError(f"{output} is a folder. Give the name of a file.")
    return output
