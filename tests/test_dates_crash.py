"""A kill before and after what decides on the first morning of a term, and what is sent of it.

`make chaos` has whole terms with kills at random.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KILLED = re.compile(r"the first morning of a term\s+(\d+)")


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_kill_at_what_decides_or_sends_leaves_everybody_told_once_that_morning(backend):
    # A process of its own: it forks, and pytest has threads.
    command = [sys.executable, "-m", "tests.chaos", "--morning", "--quick", "--backend", backend]
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    killed = KILLED.search(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert killed, ran.stdout
    assert int(killed.group(1)) == 4, ran.stdout
    assert "Promises broken: 0. Points not reached: 0." in ran.stdout
