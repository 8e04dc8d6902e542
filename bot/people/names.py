"""Names as they are written: their words, without case, accents and forms of address."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

TITLES = frozenset("mr mrs ms mx miss dr prof professor sir dame rev reverend fr".split())
HIS, HERS = frozenset({"mr", "sir", "fr"}), frozenset({"mrs", "ms", "miss", "dame"})


def titled(name: str) -> tuple[str, str]:
    """A name's form of address, in small letters, and the rest of it."""
    first, _, rest = name.strip().partition(" ")
    title = first.rstrip(".").casefold()
    return (title, rest.strip()) if title in TITLES else ("", name.strip())


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The words of a name, without case, accents and punctuation."""
    plain = re.sub(r"['’`]", "", folded(text))
    return tuple(re.findall(r"[^\W_]+", plain))


@lru_cache(maxsize=4096)
def folded(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def opposed(title: str, other: str) -> bool:
    """Whether two forms of address cannot be one person's: Mr and Mrs."""
    return (title in HIS and other in HERS) or (title in HERS and other in HIS)


def name_key(name: str) -> str:
    """What two spellings of one person's name have in common: no case, no Mr or Mrs."""
    title, bare = titled(name)
    return folded(bare if title and len(bare.split()) > 1 else name)


def slug(name: str) -> str:
    """A name as an id: its words with hyphens."""
    return "-".join(tokens(name_key(name)))
