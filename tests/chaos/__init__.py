"""Kills and faults: what was promised to a reporter is kept, whatever breaks.

    python -m tests.chaos [--kills N] [--backend sqlite|postgresql] [--seed S] [--markdown] [--points]
                           [--term] [--round]

No file of the program knows of any of this. One process forks all others, so that each starts within a
moment: until it forks it runs no thread and no loop.
"""
