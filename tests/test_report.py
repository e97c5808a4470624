"""What is kept of benchmarks: what fell on the same machine with the same options is told, and powers are found."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import record, report


def found(day: str, value: float, **other: Any) -> dict[str, Any]:
    about = {"benchmark": "speed", "date": day, "machine": {"processor": "P", "cores": 2}, "arguments": {"pairs": 3}}
    return {**about, "ratios": {"theirs / ours": value}, "costs": [], **other}


@pytest.mark.parametrize(
    ("records", "fell"),
    [
        ([found("2026-01-01", 9.0)], False),
        ([found("2026-01-01", 9.0), found("2026-01-02", 6.1)], False),
        ([found("2026-01-01", 9.0), found("2026-01-02", 6.0)], True),
        ([found("2026-01-01", 9.0), found("2026-01-02", 7.0), found("2026-01-03", 5.0)], False),
        ([found("2026-01-01", 9.0), found("2026-01-02", 3.0), found("2026-01-03", 3.0)], False),
        ([found("2026-01-01", 9.0), found("2026-01-02", 1.0, machine={"processor": "Q", "cores": 2})], False),
        ([found("2026-01-01", 9.0), found("2026-01-02", 1.0, arguments={"pairs": 4})], False),
    ],
)
def test_a_ratio_that_fell_by_a_third_is_told(
    records: list[dict], fell: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, one in enumerate(reversed(records)):  # whatever the files are called
        (tmp_path / f"{number}.json").write_text(json.dumps(one))
    read = report.read(tmp_path)
    assert read == records and any(one.fell for one in report.series(read)) is fell
    monkeypatch.setattr(report, "read", lambda: read)
    monkeypatch.setattr("sys.argv", ["report", "--check"])
    assert report.main() == int(fell)
    assert ("theirs / ours fell from 9.00" in capsys.readouterr().out) is fell


def test_exponents_are_those_of_powers() -> None:
    sizes = np.array([10.0, 20, 40, 80])
    assert report.exponent(sizes, 3 * sizes**2) == pytest.approx(2)
    assert report.exponent(sizes, np.array([5, np.nan, 5, 5])) == pytest.approx(0)
    assert np.isnan(report.exponent(sizes, np.array([1, 2, np.nan, 0])))


def test_what_is_kept_is_read_and_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    costs = [record.Cost("work", "pixels", size, size**1.5, None) for size in (1, 4, 9)]
    arguments = argparse.Namespace(record=False, pairs=3)
    record.keep("speed", arguments, {"theirs / ours": 2.0}, costs)
    assert not [*tmp_path.iterdir()]
    arguments.record = True
    for value in (2.0, 3.0):  # the later of a day stands
        record.keep("speed", arguments, {"theirs / ours": value}, costs)
    (one,) = records = report.read(tmp_path)
    assert one["ratios"] == {"theirs / ours": 3.0} and one["arguments"] == {"pairs": 3} and one["versions"]["torch"]
    ((of, by, sizes, _, seconds, memory, machine),) = report.cost_rows(records)
    assert (of, by, sizes, seconds, memory) == ("work", "pixels", "1 to 9", "1.50", "–") and "cores" in machine
    report.draw(records, tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text().startswith("<?xml")


def test_what_is_kept_here_can_be_read() -> None:
    records = report.read()
    assert records and all(one["date"] and one["machine"] for one in records)
    assert len(report.ratio_rows(records)) > 3 and report.cost_rows(records)
