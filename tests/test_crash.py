"""A kill before and after every commit and send of one report's life; `make chaos` has the random ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KILLED = re.compile(r"every commit and send of one report\s+(\d+)")


def chaos(*arguments: str) -> tuple[int, str]:
    """How many processes were killed, and what was printed. A process of its own: it forks, pytest has threads."""
    command = [sys.executable, "-m", "tests.chaos", "--points", "--quick", *arguments]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    killed = KILLED.search(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert killed, ran.stdout
    return int(killed.group(1)), ran.stdout


def test_a_kill_at_every_commit_and_send_loses_nothing_and_repeats_nothing_unsaid():
    killed, printed = chaos("--backend", "sqlite")

    # The pages, sending, delivering, reminding, passing on twice, opening, taking on, adding and closing.
    assert killed >= 90, printed
    assert "Promises broken: 0. Points not reached: 0." in printed


@pytest.mark.parametrize("step", ["submit and deliver"])
def test_the_same_on_postgresql_where_a_report_is_sent(step):
    killed, printed = chaos("--backend", "postgresql", "--step", step)

    assert killed >= 10, printed
    assert "Promises broken: 0. Points not reached: 0." in printed
