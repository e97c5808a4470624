"""What timm imports beside what is used runs at its first use, and is then as it always was."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pairx.models import late


def printed(code: str) -> list[str]:
    """What a program prints in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_package_that_was_put_off_is_whole_when_it_is_asked() -> None:
    assert printed(
        "import sys, pairx.models.architectures as ours\n"
        "print('timm.models.resnet' in sys.modules, ours.is_architecture('tf_efficientnetv2_s'))\n"
        "print('timm.models.resnet' in sys.modules, ours.is_architecture('resnet18'))\n"
        "print(ours.is_architecture('no_such'))\n"
        "import timm, torchvision\n"
        "print('timm.models.resnet' in sys.modules, type(timm).__name__, timm.__version__ > '1')\n"
        "print(timm.models.resnet18.__name__, torchvision.models.resnet18.__name__, torchvision.ops.nms.__name__)\n"
        "print(torchvision.ops.misc.FrozenBatchNorm2d is timm.layers.norm_act.FrozenBatchNorm2d)"
    ) == ["False True", "False True", "False", "True module True", "resnet18 resnet18 nms", "True"]


@pytest.mark.slow
def test_threads_that_ask_at_once_wait_for_the_first() -> None:
    assert printed(
        "import pairx.models.late, timm\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(8) as pool: found = list(pool.map(lambda _: timm.models.resnet18, range(8)))\n"
        "print(len(set(map(id, found))))"
    ) == ["1"]


@pytest.mark.slow
def test_what_has_been_imported_stays_as_it_is() -> None:
    assert printed("import timm\nimport pairx.models.late\nprint(type(timm).__name__)") == ["module"]


def test_a_package_that_is_not_there_is_left_out() -> None:
    late.put_off("no_such_package")
    late.put_off("no_such_package.datasets")  # and no package of the name `datasets` in its place
    assert not {"no_such_package", "no_such_package.datasets"} & set(sys.modules)


def test_a_package_that_fails_says_so_each_time(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "pairx_broken_package.py").write_text("raise ImportError('a part is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    late.put_off("pairx_broken_package")
    try:
        for _ in range(2):
            with pytest.raises(ImportError, match="a part is missing"):
                sys.modules["pairx_broken_package"].anything  # noqa: B018
    finally:
        del sys.modules["pairx_broken_package"]
