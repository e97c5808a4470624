"""The values of a specification that are more than a word: photographs, models, labels and the like."""

from __future__ import annotations

from typing import Any

from pairx.baselines.backgrounds import BACKGROUNDS
from pairx.figures.nodes import Node, Path, Problems, Reader, short
from pairx.figures.pairs import SAMPLE
from pairx.figures.spec import SHOWN, SIDES, Inset, Label, Model, Pair, Photograph


class Values:
    """Reads values, and remembers in `paths` where paths of files stand. None is a value that is missing or wrong."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.paths: list[Path] = []

    def side(self, reader: Reader, name: str) -> int | None:
        word = reader.one_of(name, (*SIDES, "both"))
        return None if word is None else (*SIDES, "both").index(word)

    def shown(self, reader: Reader, name: str) -> str | None:
        return reader.one_of(name, SHOWN)

    def word(self, reader: Reader, name: str) -> str | None:
        return reader.text(name) or None

    def pair(self, reader: Reader, name: str) -> Pair | None:
        node = reader.get(name)
        if node is None:
            return None
        items = node.value if isinstance(node.value, list) else []
        if len(items) != 2:
            return reader.fail(name, "A pair is a list of two photographs, such as [a.jpg, b.jpg].")
        both = [self.photograph_of(one) for one in items]
        return None if both[0] is None or both[1] is None else Pair(both[0], both[1])

    def photograph(self, reader: Reader, name: str) -> Photograph | None:
        node = reader.get(name)
        return None if node is None else self.photograph_of(node)

    def photograph_of(self, node: Node) -> Photograph | None:
        if isinstance(node.value, dict):
            reader = Reader(node, self.problems, "A photograph")
            source = self.path(reader, "file")
            found = {
                "box": reader.numbers("box", 4),
                "theta": reader.number("theta", -7, 7),
                "mirrored": reader.flag("mirrored"),
            }
            if source is None:
                self.problems.add(node.line, "A photograph takes `file: PATH`, and where wanted box, theta, mirrored.")
            reader.done()
            known: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
            return None if source is None else Photograph(source, **known, line=node.line)
        source = self.path(Reader(Node({"file": node}, node.line), self.problems, "A photograph"), "file")
        return None if source is None else Photograph(source, line=node.line)

    def path(self, reader: Reader, name: str) -> str | None:
        """The path of a file or folder, or a name of the sample."""
        text = reader.text(name, 2000) if reader.get(name) else None
        if text is None:
            return None
        if "\0" in text:
            return reader.fail(name, f"{name} holds a character that no file's name has.")
        if text != SAMPLE and not text.startswith(f"{SAMPLE}:"):
            self.paths.append(reader.names[name].path)
        return text

    def model(self, reader: Reader, name: str) -> Model | None:
        node = reader.get(name)
        if node is None:
            return None
        if not isinstance(node.value, dict):
            found = reader.text(name)
            if found is not None and _is_file(found):
                self.paths.append(node.path)
            return None if found is None else Model(found, line=node.line)
        own = Reader(node, self.problems, "model")
        known = own.text("name")
        if known is None:
            self.problems.add(node.line, "model takes a name, such as `name: reid-lite0`.")
        weights = own.text("weights", 2000) or None
        if weights is not None and weights != "random":
            self.paths.append(own.names["weights"].path)
        if known is not None and _is_file(known):
            self.paths.append(own.names["name"].path)
        size, resize = self.size(own), own.one_of("resize", ("squash", "pad", "crop"))
        own.done()
        is_random = weights == "random"
        return Model(known or "", None if is_random else weights, is_random, size, resize, node.line)

    def size(self, reader: Reader) -> tuple[int, int] | None:
        node = reader.get("size")
        if node is not None and isinstance(node.value, list):
            both = reader.numbers("size", 2)
            return None if both is None else (int(both[0]), int(both[1]))
        side = reader.whole("size", 16, 2048)
        return None if side is None else (side, side)

    def options(self, reader: Reader, name: str) -> tuple[tuple[str, Any], ...] | None:
        node = reader.get(name)
        if node is None:
            return None
        if isinstance(node.value, str):
            return (("preset", node.value),)
        own = Reader(node, self.problems, name)
        return tuple((option, _value(own.text(option) or "")) for option in list(own.names)) or None

    def background(self, reader: Reader, name: str) -> str | Photograph | None:
        node = reader.get(name)
        if node is None or node.value in BACKGROUNDS:
            return None if node is None else str(node.value)
        return self.photograph_of(node)

    def label(self, node: Node) -> Label | None:
        reader = Reader(node, self.problems, "A label")
        name, box = reader.text("name", 60), reader.numbers("box", 4)
        mask = self.path(reader, "mask")
        reader.done()
        if not name or (box is None) == (mask is None):
            return self.problems.add(node.line, "A label takes a name, and a box [x, y, w, h] or the file of a mask.")
        return Label(name, box, mask, node.line)  # type: ignore[arg-type]

    def inset(self, node: Node) -> Inset | None:
        reader = Reader(node, self.problems, "An inset")
        side, box = reader.one_of("photograph", SIDES), reader.numbers("box", 4)
        reader.done()
        if side is None or box is None:
            return self.problems.add(
                node.line, "An inset takes `photograph: first` or `second`, and a box [x, y, w, h]."
            )
        if box[2] <= 0 or box[3] <= 0:
            return reader.fail("box", f"The inset's box has no area: {short(list(box))}.")
        return Inset(SIDES.index(side), box)  # type: ignore[arg-type]


def _value(text: str) -> Any:
    """An option's value: a number or a flag where it looks like one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return {"true": True, "false": False}.get(text.lower(), text)


def _is_file(name: str) -> bool:
    """Whether a model's name is a path."""
    return name.startswith((".", "/", "~")) or name.lower().endswith((".safetensors", ".pth", ".pt", ".bin"))
