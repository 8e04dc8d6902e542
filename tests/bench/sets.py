"""Question sets with gold answers, the schools they ask of, and what counts as a hit.

The seed policies and their development questions lie outside the project (`MAYI_SHARED`, by default
`../shared`); without them the sets that need them are left out.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).parent / "data"
SHARED = Path(os.environ.get("MAYI_SHARED") or ROOT.parent / "shared").resolve()
SEEDS = {
    "westfield": "000_f1f39abbe48dd470.txt",
    "secondary": "001_0bd53a1ff16f03d6.txt",
    "datepalm": "002_bab290b3a57986f0.txt",
    "oakfield": "003_ce391eedf20d207f.txt",
    "wightwick": "004_eee218b3886a49ec.txt",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question with every verdict and clause a careful reader would accept."""

    id: str
    school: str
    question: str
    verdicts: tuple[str, ...]
    gold: tuple[str, ...]
    route: str | None
    style: str

    def hit(self, clause_id: str, lead_in: str | None, text: str) -> bool:
        """Whether a clause is one of the gold ones: by its id, or by holding a gold piece."""
        if any(re.fullmatch(r"[A-Z]+-\d+", g) for g in self.gold):
            return clause_id in self.gold
        body = plain(text)
        lead = plain(lead_in or "")
        return any(
            plain(g) in body or plain(g) in lead or plain(g) in f"{lead} {body}" for g in self.gold
        )


def plain(text: str) -> str:
    """Text with white space folded and quote marks made alike."""
    for curly, straight in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"')):
        text = text.replace(curly, straight)
    return " ".join(text.lower().split())


def read(path: Path) -> list[Labelled]:
    """Read a set; gold given as places in a seed file is looked up there."""
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [
        Labelled(
            r["id"],
            r["school"],
            r["question"],
            tuple(r["verdict"]),
            tuple(_gold(r["school"], r["gold"])),
            r.get("route"),
            r.get("style") or _style(r),
        )
        for r in rows
    ]


def dev() -> list[Labelled]:
    """The shared development questions on the seeds."""
    return read(SHARED / "questions" / "dev.jsonl")


def fresh() -> list[Labelled]:
    """Questions only ever used to measure: on policies nothing was fitted to, on the seeds, on the model schools."""
    names = ["fresh-policies", "fresh-models", "fresh-models-b"]
    if has_seeds():
        names += ["fresh-seeds", "fresh-seeds-b", "fresh-seeds-c"]
    return [q for name in names for q in read(DATA / f"{name}.jsonl")]


def fitting() -> list[Labelled]:
    """Questions the weights are fitted on besides the development ones."""
    return [q for path in sorted(DATA.glob("fit-*.jsonl")) for q in read(path)]


def has_seeds() -> bool:
    return (SHARED / "seeds").is_dir()


def fresh_policies() -> list[Path]:
    """Made-up policies that only fresh questions are about."""
    return sorted((DATA / "fresh").glob("*.txt"))


def practice_policies() -> list[Path]:
    """Made-up policies of other schools, as they would be imported."""
    return sorted((DATA / "practice").glob("*.txt"))


def _gold(school: str, gold: Iterable[str | list[int]]) -> Iterable[str]:
    for piece in gold:
        if isinstance(piece, str):
            yield piece
        else:  # [line, first word, number of words] of the seed: its sentences are not kept here
            line, first, count = piece
            text = (SHARED / "seeds" / SEEDS[school]).read_text("utf-8").splitlines()[line - 1]
            yield " ".join(text.split()[first : first + count])


def _style(row: dict[str, object]) -> str:
    letter = str(row["id"])[0]
    return {"a": "new", "b": "experienced", "c": "adversary"}.get(letter, "unknown")
