"""The table of the benchmarks: nothing that was measured is lost, and what failed is named."""

import sys

import pytest

from tests.benchmarks.live import BenchmarkError, cost_of
from tests.benchmarks.table import Goal, TableOnTheWay, line


def test_each_line_is_printed_as_soon_as_it_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    table = TableOnTheWay(0.1)

    table.add(line("a harvest", 0.5, Goal("below", 1, "s"), "a peer"))
    first = capsys.readouterr().out
    table.add(line("a rebuild", 2.0, Goal("below", 1, "s"), "a peer"))
    second = capsys.readouterr().out
    table.end(["disk"])
    last = capsys.readouterr().out

    assert first.splitlines()[-1] == "| a harvest | 0.50 s | a peer | below 1 s | yes |"
    assert second == "| a rebuild | 2 s | a peer | below 1 s | NO |\n"
    assert "1 of 2 goals are met" in last
    assert "0.1 times the archive's" in last
    assert "Not measured to the end: disk" in last


def test_a_command_that_fails_is_named_with_what_it_said() -> None:
    with pytest.raises(BenchmarkError) as caught:
        cost_of(sys.executable, "-c", "import sys; print('half done'); sys.exit('no such thing')")

    assert sys.executable in str(caught.value)
    assert "exit code 1" in str(caught.value)
    assert "half done" in str(caught.value)
    assert "no such thing" in str(caught.value)
