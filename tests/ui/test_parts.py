"""Files that several people fetch at once."""

from __future__ import annotations

import threading
from pathlib import Path

from pairx.ui.shared.files import cached


def test_a_file_that_is_written_again_stays_whole_for_who_fetches_it():
    data = bytes(range(256)) * 20_000
    path = Path(cached(data, "scene.json"))
    done, sizes = threading.Event(), set()

    def watch() -> None:
        while not done.is_set():
            sizes.add(path.stat().st_size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with path.open("rb") as fetched:
        start = fetched.read(10)
        again = {cached(data, "scene.json") for _ in range(20)}
        rest = fetched.read()
    done.set()
    watcher.join()
    assert again == {str(path)} and sizes == {len(data)} and start + rest == data
    assert [one.name for one in path.parent.iterdir()] == ["scene.json"], "nothing else is left"
    assert cached(data + b"1", "scene.json") != str(path)
