"""The front matter of a policy file, read and written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from bot.policy.marks import WHO
from bot.policy.model import Front
from bot.policy.sentences import fold
from bot.policy.where import Where

_FRONT_KEYS = tuple(each.name for each in fields(Front))
_DATES = ("adopted", "reviewed", "next_review")
_LISTS = ("audience", "withdrawn")


def read_front(lines: Sequence[str], where: Where) -> tuple[Front, int]:
    """The front matter and the index of the first line after it."""
    import yaml

    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].rstrip() != "---":
        where.bad(first + 1, "a policy file begins with --- and its title, school and dates")
    end = next((i for i in range(first + 1, len(lines)) if lines[i].rstrip() == "---"), None)
    if end is None:
        where.bad(first + 1, "the front matter is never closed: put a line --- after it")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # Nodes know their line, and a version of 1.10 stays what was typed
        node = yaml.compose("\n".join(lines[first + 1 : end]), Loader=loader)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark
        line = first + 2 + (mark.line if mark else 0)
        where.bad(
            min(line, end + 1),
            f"{fold(e.problem or 'this cannot be read')}: write it as key: value",
        )
    except (yaml.YAMLError, ValueError, RecursionError):
        where.bad(first + 2, "the front matter cannot be read: write each line as key: value")
    if not isinstance(node, yaml.MappingNode):
        where.bad(
            first + 1, "the front matter needs at least a title, as title: Social Media Policy"
        )
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = first + 2 + key_node.start_mark.line
        key = str(key_node.value)
        if key not in _FRONT_KEYS:
            where.unknown(line, "the key", key, _FRONT_KEYS)
        if key in values:
            where.bad(line, f"{key} is set twice: keep one")
        values[key] = _front_value(key, value_node, line, where)
    if not values.get("title"):
        where.bad(
            first + 1, "the policy has no title: add a line such as title: Social Media Policy"
        )
    return Front(**{key: value for key, value in values.items() if value is not None}), end + 1


def _front_value(key: str, node: Any, line: int, where: Where) -> object:
    if key in _LISTS:
        if isinstance(node.value, list):
            several = tuple(fold(str(each.value)) for each in node.value)
        else:
            several = tuple(fold(part) for part in str(node.value).split(","))
        several = tuple(each for each in several if each)
        if key == "audience":
            for each in several:
                if each not in WHO:
                    where.unknown(line, "in audience,", each, WHO)
            return several or None
        return several
    if not isinstance(node.value, str):
        where.bad(line, f"{key} takes one value on its line")
    value = fold(node.value)
    if node.tag == "tag:yaml.org,2002:null" or not value:
        return None
    if key in _DATES:
        try:
            return date.fromisoformat(value)
        except ValueError:
            where.bad(line, f"{key} should be a date such as 2027-09-01, not {value!r}")
    if key == "next_id":
        if not re.fullmatch(r"[0-9]{1,9}", value) or int(value) < 1:
            where.bad(line, f"next_id should be a whole number from 1, not {value!r}")
        return int(value)
    if key == "minor" and value.lower() in ("true", "false", "yes", "no", "on", "off"):
        where.bad(
            line,
            'minor names the version that changes wording only, such as minor: "1.1"; '
            "take it away where there is none",
        )
    if key == "code" and not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", value):
        where.bad(line, f"code should be a few letters such as SM, not {value!r}")
    return value


def front_lines(front: Front) -> list[str]:
    """The lines between the two `---`."""
    out = []
    for key in _FRONT_KEYS:
        value = getattr(front, key)
        if key in _LISTS:
            out.append(f"{key}: [{', '.join(_scalar(each, listed=True) for each in value)}]")
        elif key.endswith("_as_printed") or key == "minor":
            if value:
                out.append(f"{key}: {_scalar(value)}")
        elif value is None or value == "":
            out.append(f"{key}:")
        else:
            out.append(f"{key}: {_scalar(value) if isinstance(value, str) else value}")
    return out


def _scalar(value: str, *, listed: bool = False) -> str:
    value = fold(value)
    plain = r"[A-Za-z][\w .()&'/-]*" if listed else r"[A-Za-z][\w ,.()&'/-]*"
    if re.fullmatch(plain, value) and value.lower() not in (
        "null",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
    ):
        return value
    return '"' + "".join(_quoted(c) for c in value) + '"'


def _quoted(c: str) -> str:
    if c in '"\\':
        return "\\" + c
    if c.isprintable():
        return c
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
