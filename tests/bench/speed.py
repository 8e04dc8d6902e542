"""How fast a large school is answered, alone and beside a thousand others; printed, never asserted.

    python -m tests.bench.speed HOME QUESTIONS OTHERS ENGINE

is one process's measurement of a home already made, as JSON; `python -m tests.bench` makes the home and
starts it.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.progress import Progress

from bot.app.answers import Engine, engine_version
from bot.config import MODEL_SCHOOLS, Home, model_folder
from bot.policy import bank
from bot.policy.index import open_index
from bot.policy.model import Clause, Front
from bot.policy.policyfile import parse_policy, read_policy, write_policy
from tests.bench.engines import plain_query, plain_table
from tests.bench.measure import Sheet, percentile, times
from tests.bench.sets import ROOT

LARGE = "large-school"
A_POLICY = 100  # clauses
LARGE_POLICIES = 20
OTHER_POLICIES = 5
REAL = 4  # other schools really indexed; the rest are copies of their files
WARM = 20  # questions before the clock starts
STARTS = 5
SEED = 20
TITLES = (
    "Social Media", "Acceptable Use", "Online Safety", "Mobile Phones", "Code of Conduct", "Data Protection",
    "Photography and Images", "Communication with Parents", "Staff Devices", "Safeguarding Online", "Complaints Online",
    "Remote Learning", "School Accounts", "Trips and Visits", "Anti-Bullying", "Volunteers", "Governors' Conduct",
    "Whistleblowing", "Email", "Messaging",
)  # fmt: skip
# What the schools say differently: one word of each row stands for the first throughout a policy.
SAY = (
    "pupils children learners", "headteacher principal head", "parents carers families", "policy guidance procedure",
    "staff employees colleagues", "school academy college", "media networking platforms", "websites pages channels",
    "personal private own", "images photographs pictures", "information material content", "account profile page",
)  # fmt: skip
PLACES = ("science", "sports", "music", "early years", "sixth-form", "office", "library", "catering", "drama", "support")  # fmt: skip


def write_policies(folder: Path, count: int, chance: random.Random) -> None:
    """Policies of made-up schools: the model schools' clauses, in turn and lightly varied."""
    folder.mkdir(parents=True)
    source = [
        c
        for s in MODEL_SCHOOLS
        for p in sorted(model_folder(s).glob("policies/*.md"))
        for c in read_policy(p).clauses
    ]
    at = chance.randrange(len(source))
    for number in range(count):
        said = {row.split()[0]: chance.choice(row.split()) for row in SAY}
        taken = [source[(at + n) % len(source)] for n in range(A_POLICY)]
        at += A_POLICY
        clauses = [_varied(c, f"P{number}-{n}", said, chance) for n, c in enumerate(taken, 1)]
        title = f"{TITLES[number % len(TITLES)]} Policy"
        text = write_policy(
            Front(title, code=f"P{number}", next_id=A_POLICY + 1),
            clauses,
            items=[c.id for c in clauses if c.lead_in],
        )
        if len(parse_policy(text).clauses) != A_POLICY:
            raise AssertionError(f"{title} does not read back as written")
        (folder / f"policy-{number:02}.md").write_text(text, "utf-8")
    (folder.parent / "school.toml").write_text(f'name = "{folder.parent.name}"\n', "utf-8")


def _varied(clause: Clause, identity: str, said: dict[str, str], chance: random.Random) -> Clause:
    def say(text: str) -> str:
        return re.sub(r"[a-z]+", lambda m: said.get(m[0], m[0]), text)

    text = say(clause.text)
    if clause.lead_in is None and chance.random() < 0.3:
        text = f"In the {chance.choice(PLACES)} department: {text}"
    return replace(
        clause,
        id=identity,
        section=tuple(map(say, clause.section)),
        lead_in=say(clause.lead_in) if clause.lead_in else None,
        text=text,
    )


def make_others(home: Home, count: int, progress: Progress) -> None:
    """Other schools on the same disk, with their indexes."""
    task = progress.add_task(f"making {count:,} other schools", total=count)
    chance = random.Random(SEED + 1)
    for number in range(count):
        school = home.root / "schools" / f"other-{number}"
        index = home.index_folder / f"other-{number}.db"
        if number < REAL:
            write_policies(school / "policies", OTHER_POLICIES, chance)
            files = sorted(school.glob("policies/*.md"))
            open_index(index, files, engine_version()).close()
        else:  # copies keep the times of change, by which an index knows its policies
            like = f"other-{number % REAL}"
            shutil.copytree(home.root / "schools" / like, school)
            shutil.copy2(home.index_folder / f"{like}.db", index)
        progress.advance(task)
    progress.remove_task(task)


def bank_questions(count: int) -> list[str]:
    texts = sorted({e.text for e in bank.questions()})
    return random.Random(SEED).sample(texts, min(count, len(texts)))


def one_process(root: Path, count: int, others: int) -> dict[str, Any]:
    """Answer `count` questions and time them; run in a process of its own, for its memory."""
    home, chance = Home(root), random.Random(SEED)
    school = home.school(LARGE)
    engine = Engine(home)
    began = time.perf_counter()
    index = engine.index(school)
    opening = time.perf_counter() - began
    clauses = [e.clause for e in index.all()]
    plain = plain_table([c.text for c in clauses], str(root / f"plain-{others}.db"))
    seconds: dict[str, list[float]] = {
        "answer": [],
        "look": [],
        "plain": [],
        "first": [],
        "again": [],
    }
    for number, question in enumerate(bank_questions(count + WARM)):
        if others:
            _ask_another(engine, f"other-{chance.randrange(others)}", question, seconds)
        start = time.perf_counter()
        plain_query(plain, question)
        asked = time.perf_counter()
        answerer = engine._for(
            school
        ).answerer  # the engine's own look whether a policy has changed
        looked = time.perf_counter()
        answerer.answer(question)
        done = time.perf_counter()
        if number >= WARM:
            seconds["plain"].append(asked - start)
            seconds["look"].append(looked - asked)
            seconds["answer"].append(done - looked)
    engine.close()
    return {"opening": opening, "clauses": len(clauses), "memory": _peak_memory(), **seconds}


def _ask_another(engine: Engine, name: str, question: str, seconds: dict[str, list[float]]) -> None:
    school = engine.home.school(name)
    known = str(school.folder) in engine._open
    start = time.perf_counter()
    engine.answer(school, question)
    seconds["again" if known else "first"].append(time.perf_counter() - start)


def _peak_memory() -> int:
    """The most memory this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # a child's ru_maxrss begins with its parent's
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def _measured(root: Path, count: int, others: int) -> dict[str, Any]:
    given = (str(root), str(count), str(others), engine_version())
    command = [sys.executable, "-m", "tests.bench.speed", *given]
    done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit("make bench: the measuring process failed; see above")
    return json.loads(done.stdout)


def _start(command: Sequence[str]) -> float:
    took = []
    for _ in range(STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def sheets(progress: Progress, *, quick: bool) -> Iterator[Sheet]:
    """The tables of one large school: indexing, answering alone and beside others, a cold start."""
    count, others = (300, 50) if quick else (400, 1000)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        task = progress.add_task("indexing a large school", total=None)
        write_policies(
            home.root / "schools" / LARGE / "policies", LARGE_POLICIES, random.Random(SEED)
        )
        built = _measured(home.root, 1, 0)
        (home.root / "plain-0.db").unlink()
        progress.update(task, description="asking the large school, alone")
        alone = _measured(home.root, count, 0)
        progress.update(task, description="starting from cold")
        question = "May I add a parent on Facebook?"
        ask = _start(["-m", "bot", "--home", folder, "ask", "--school", LARGE, question])
        nothing = _start(["-c", "pass"])
        progress.remove_task(task)
        make_others(home, others, progress)
        task = progress.add_task(f"asking beside {others:,} other schools", total=None)
        beside = _measured(home.root, count, others)
        progress.remove_task(task)
        size = (home.index_folder / f"{LARGE}.db").stat().st_size
    yield Sheet(
        f"One school of {LARGE_POLICIES} policies, {alone['clauses']:,} clauses",
        [_row("alone", alone), _row(f"beside {others:,} schools", beside)],
        (
            f"{count} different questions of the bank.",
            f"Beside others, each follows a question to one of {others:,} schools, taken at random, in the same process.",
            f"The others have {OTHER_POLICIES * A_POLICY} clauses each: {min(REAL, others)} indexed, the rest copies of their files.",
            "p50, p99: in plain FTS5 queries, the median of one on the same clauses between the same questions.",
            "look: seeing whether a policy file has changed. not yet open: a first question to another school, at p50.",
        ),
    )
    yield Sheet(
        "Indexing and starting",
        [
            {"what": "indexing the large school", "took": f"{built['opening']:.1f} s"},
            {"what": "memory at most while indexing", "took": f"{built['memory'] / 2**20:.0f} MB"},
            {"what": "size of its index", "took": f"{size / 2**20:.1f} MB"},
            {"what": "opening its index", "took": f"{alone['opening'] * 1e3:.0f} ms"},
            {"what": "mayi ask from cold, index built", "took": f"{ask * 1e3:.0f} ms"},
            {"what": "python -c pass", "took": f"{nothing * 1e3:.0f} ms"},
        ],
        (f"Starts are the median of {STARTS}.",),
    )


def _row(name: str, m: dict[str, Any]) -> dict[str, str]:
    unit = percentile(m["plain"], 0.5)
    first = m["first"]
    return {
        "school": name,
        "p50": times(percentile(m["answer"], 0.5), unit),
        "p99": times(percentile(m["answer"], 0.99), unit),
        "plain p99": times(percentile(m["plain"], 0.99), unit),
        "look p50": times(percentile(m["look"], 0.5), unit),
        "not yet open": times(percentile(first, 0.5), unit) if first else "-",
        "plain query": f"{unit * 1e3:.2f} ms",
        "answer p50": f"{percentile(m['answer'], 0.5) * 1e3:.1f} ms",
        "answer p99": f"{percentile(m['answer'], 0.99) * 1e3:.1f} ms",
        "memory": f"{m['memory'] / 2**20:.0f} MB",
    }


if __name__ == "__main__":
    if sys.argv[4] != engine_version():  # every index would be made anew, and that be measured
        sys.exit("bot/policy or policy_text was edited while it was measured; run again")
    print(json.dumps(one_process(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
