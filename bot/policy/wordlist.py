"""English words by kind, as far as their form tells: what is a word, a verb's plain form, a plural.

The words are those of the table of meanings; what their form cannot tell is in `policy_text/english.toml`.
"""

from __future__ import annotations

from functools import lru_cache

from bot.config import data
from bot.policy import meaning

DETERMINERS = frozenset("the a an our their your my his every each".split())
MODALS = frozenset("must should shall will would may might can could cannot".split())
BE = frozenset("is are was were be been being am".split())
HAVE = frozenset("has have had having".split())
DO = frozenset("do does did".split())
PREPOSITIONS = frozenset(
    """of for with by from at in on into onto to about under over between through during within without against among
    across towards upon via per until after before behind beyond beside besides near off outside inside throughout""".split()
)
JOINS = frozenset(
    "and or but nor if when where while unless because although whether whenever wherever until since once than".split()
)
PRONOUNS = frozenset("they we you i he she it them us him who which that this these those".split())
CLOSED = DETERMINERS | MODALS | BE | HAVE | DO | PREPOSITIONS | JOINS | PRONOUNS | {"not", "as", "so", "any", "all"}  # fmt: skip
_NEVER_PLURAL = frozenset(
    """news means series species maths physics mathematics ethics headquarters premises always sometimes perhaps towards
    besides address access process class pass bus basis does plus less unless across its his this was is has as us yes
    hers ours theirs yours afterwards upwards downwards onwards overseas gas lens cos census status virus campus bonus
    focus stress press business illness fitness witness success progress analysis crisis emphasis barracks politics
    sports athletics economics needs thanks games works savings goods glass grass cross loss boss mess guess dress kids
    arms humanities civics ms mrs xs
    odds others whereabouts innings kudos pros cons""".split()
)


def known(word: str) -> bool:
    """Whether a word, in lower case, is an English one, or built from one."""
    return word in _all() or any(part in _all() for part in _roots(word))


def near(word: str) -> str | None:
    """The everyday word that one slip of the pen makes this word of, if one is there."""
    found = [w for d in _shorter(word) for w in _everyday().get(d, ())]
    choices = sorted(
        {w for w in found if _one_slip(word, w) and not _inflected(word, w)},
        key=lambda w: (w[0] != word[0], w),
    )
    return choices[0] if choices else None


def only_verb(word: str) -> bool:
    """Whether a word is the plain form of a verb, and no noun or adjective."""
    return word in _only_verbs()


def third_person(word: str) -> str | None:
    """The plain form where a word is a verb's "-s" form and no plural: "ensures" is "ensure"."""
    for base in singulars(word):
        if base in _only_verbs() and base not in _plurals_too():
            return base
    return None


def participle(word: str) -> bool:
    """Whether a word is a past form, and no verb's plain form."""
    if word in _participles():
        return True
    if not word.endswith("ed") or len(word) < 5 or word in _plain_ed():
        return False
    return any(base in _all() for base in (word[:-2], word[:-1], word[:-3], word[:-3] + "y"))


def verb(word: str) -> bool:
    """Whether a word may be the plain form of a verb: "-ing" can follow it."""
    return (
        len(word) > 2
        and word not in CLOSED
        and any(
            form in _all()
            for form in (f"{word}ing", f"{word.removesuffix('e')}ing", f"{word}{word[-1:]}ing")
        )
    )


def past(word: str) -> bool:
    """Whether a word is a past form that does not end on "-ed"."""
    return word in _PAST


_PAST = frozenset(
    """began became came chose did drew drove ate fell felt found flew forgot gave got grew heard hid knew laid lay led left
    lent lost made meant met paid ran read rode rose said sang sat saw sent set shook shot shut slept spent spoke stole
    stood swam taught thought threw told took understood went withdrew woke won wore wrote kept put let cut hit hurt split
    spread cost bought brought built caught dealt dug fed fought held hung sold""".split()
)


def plural(word: str) -> str | None:
    """The singular where a word is a plural on "-s"."""
    if word in _NEVER_PLURAL or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return None
    return next((one for one in singulars(word) if one in _all()), None)


def noun(word: str) -> bool:
    """Whether a word is surely a noun that can be counted: it has a plural, and an ending or use that only nouns have."""
    if word in _COUNTED:
        return True
    return bool(word.endswith(("tion", "ment", "sion", "ance", "ence"))) and f"{word}s" in _all()


_COUNTED = frozenset(
    """pupil student learner parent carer teacher governor trustee volunteer visitor employee colleague headteacher child
    device phone account picture photograph image photo video post message page password website policy family person
    day week month year hour minute term school tablet laptop camera lesson trip rule member officer manager adult
    platform app site group club class room form document copy record""".split()
)


def singulars(word: str) -> list[str]:
    """What a word on "-s" may be the "-s" form of."""
    if not word.endswith("s") or word.endswith("ss"):
        return []
    made = [word[:-1]]
    if word.endswith("es"):
        made.append(word[:-2])
    if word.endswith("ies"):
        made.append(word[:-3] + "y")
    return made


_ENDINGS = (
    "s", "es", "d", "ed", "ing", "ly", "er", "ers", "or", "ors", "est", "ness", "less", "ful", "able", "ible", "al", "ally", "y",
    "ment", "ments", "ation", "ations", "ion", "ions", "ise", "ised", "ises", "ising", "ist", "ists", "ity", "ive", "ism",
    "ship", "ships", "hood", "wards", "like", "wise", "r", "ably", "fully", "ance", "ence", "ess", "ish", "ery", "age",
)  # fmt: skip
_BEGINNINGS = (
    "un", "re", "dis", "mis", "non", "over", "under", "out", "pre", "sub", "inter", "anti", "co", "de", "en", "in", "im", "up",
    "counter", "cyber", "multi", "micro", "tele", "photo", "video", "web", "net", "on", "off", "self", "school", "class",
)  # fmt: skip


def _roots(word: str) -> list[str]:
    """What a word may be built from: "unfriended" from "friend", "stricter" from "strict"."""
    cut = [word]
    cut += [word[len(b) :] for b in _BEGINNINGS if word.startswith(b) and len(word) - len(b) >= 4]
    made = []
    for stem in cut:
        made.append(stem)
        for ending in _ENDINGS:
            root = stem.removesuffix(ending)
            if root != stem and len(root) >= 3:
                made += [root, root + "e"]
                if root[-1] == root[-2]:
                    made.append(root[:-1])
                if root.endswith("i"):
                    made.append(root[:-1] + "y")
    # Two words in one
    made += [word[at:] for at in range(4, len(word) - 3) if word[:at] in _all()]
    return [m for m in made if m != word]


def _shorter(word: str) -> set[str]:
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def _inflected(word: str, other: str) -> bool:
    """Whether two words differ in their last letters only: they are forms of one word."""
    short = min(len(word), len(other))
    return word[: short - 1] == other[: short - 1]


def _one_slip(word: str, other: str) -> bool:
    from rapidfuzz.distance import OSA

    return OSA.distance(word, other, score_cutoff=1) == 1


@lru_cache(maxsize=1)
def _all() -> frozenset[str]:
    table = data("english.toml")["verbs"]
    own = [w for row in table.values() for w in row.split()]
    return meaning.words() | frozenset(own) | CLOSED | frozenset(data("english.toml")["words"]["more"].split())  # fmt: skip


@lru_cache(maxsize=1)
def _everyday() -> dict[str, list[str]]:
    """Words that texts of our kind have, by each form of them that lacks a letter."""
    index: dict[str, list[str]] = {}
    for word in meaning.everyday() | CLOSED:
        if len(word) >= 4:
            for form in _shorter(word):
                index.setdefault(form, []).append(word)
    return index


@lru_cache(maxsize=1)
def _only_verbs() -> frozenset[str]:
    return frozenset(data("english.toml")["verbs"]["only"].split())


@lru_cache(maxsize=1)
def _plurals_too() -> frozenset[str]:
    return frozenset(data("english.toml")["verbs"]["plurals_too"].split())


@lru_cache(maxsize=1)
def _nouns_too() -> frozenset[str]:
    return frozenset(data("english.toml")["verbs"]["nouns_too"].split())


def surely_verb(word: str) -> bool:
    """Whether a word is the plain form of a verb that no article or preposition stands before."""
    return word in _only_verbs() and word not in _nouns_too()


@lru_cache(maxsize=1)
def _participles() -> frozenset[str]:
    return frozenset(data("english.toml")["verbs"]["participles"].split())


@lru_cache(maxsize=1)
def _plain_ed() -> frozenset[str]:
    return frozenset(data("english.toml")["verbs"]["plain_ed"].split())
