"""`mayi` and `python -m bot`."""

from __future__ import annotations

import io
import signal
import sys


def main() -> None:
    """Run the command line and leave with its exit status."""
    # A reader who leaves early (`| head`) ends the command without a word, as with any Unix tool.
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows only ASCII still answers
    from bot.cli import run

    run()


if __name__ == "__main__":
    main()
