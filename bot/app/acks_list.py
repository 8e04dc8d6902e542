"""The list of acknowledgements as CSV, for a spreadsheet and for an inspector; and checking such a list."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from bot.chat.render import Wording
from bot.errors import BadUse
from bot.records.acks import Ack, Kind
from handlers.progress.tally import Apart, Row

COLUMNS = (
    "name", "team", "group", "policy", "version", "state", "reference", "at", "channel", "asked",
    "sent", "reminded", "digest",
)  # fmt: skip
_OBEYED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def listed(
    rows: Iterable[Row], apart: Iterable[Apart], whole: Mapping[str, Ack], words: Wording
) -> list[tuple[str, ...]]:
    """A line for each person and policy of the roll, then one for each confirmation of somebody not on it.

    `whole` has the acknowledgements by reference. Moments are ISO 8601 in UTC.
    """
    found: list[tuple[str, ...]] = []
    for row in rows:
        stand, signed = row.stand, row.stand.signed
        ack = whole.get(signed.reference) if signed else None
        found.append(
            (
                stand.person.name,
                stand.person.team,
                stand.person.group,
                ack.said.title if ack else stand.title,
                ack.said.version if ack else stand.wording.version,
                words.text("acks_state", state=row.column.value),
                signed.reference if signed else "",
                _moment(signed.at if signed else None),
                ack.said.channel if ack else "",
                _moment(stand.asked),
                _moment(row.sent),
                str(row.reminded),
                signed.digest if signed else "",
            )
        )
    for each in apart:
        ack = whole[each.signed.reference]
        state = words.text("acks_state", state="left" if each.left else "not-theirs")
        found.append(
            (
                ack.said.name, ack.said.team, ack.said.group, ack.said.title, ack.said.version, state,
                ack.reference, _moment(ack.at), ack.said.channel, "", "", "", ack.digest,
            )
        )  # fmt: skip
    return found


def as_csv(lines: Sequence[Sequence[str]]) -> str:
    """The list as CSV. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_tame(cell) for cell in line] for line in lines)
    return out.getvalue()


def check_list(
    text: str, whole: Mapping[str, Ack], names: Mapping[str, str]
) -> tuple[int, list[str]]:
    """How many lines of such a list have a reference, and what of them is otherwise in the records.

    `names` has everybody's name of today by id: people marry. Raises BadUse where it is no such list.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    needed = {"name", "policy", "version", "state", "reference", "at", "digest"}
    if not needed.issubset(reader.fieldnames or ()):
        raise BadUse(f"--list: write a file that mayi acks --csv made; it has {', '.join(COLUMNS)}")
    count, findings = 0, []
    for line in reader:
        cells = {key: _plain(value) for key, value in line.items() if isinstance(value, str)}
        reference = cells.get("reference", "").strip()
        if not reference:
            continue
        count += 1
        ack = whole.get(reference)
        if ack is None:
            findings.append(f"{reference}: is in the list and not in the records")
            continue
        said = {
            "policy": {ack.said.title},
            "version": {ack.said.version},
            "at": {_moment(ack.at)},
            "digest": {ack.digest},
            "name": {ack.said.name, names.get(ack.person, ack.said.name)},
        }
        findings += [
            f"{reference}: the list has another {key} than the records"
            for key, values in said.items()
            if cells.get(key, "") not in {_plain(_tame(v)) for v in values}
        ]
        read = cells.get("state", "").startswith("confirmed")
        if read != (ack.kind is Kind.CONFIRMED):
            findings.append(f"{reference}: the list has another state than the records")
    return count, findings


def _tame(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_OBEYED) else cell


def _plain(cell: str) -> str:
    """A cell without the apostrophe that was put before it, and with the line ends of this machine."""
    bare = cell[1:] if cell.startswith("'") and _tame(cell[1:]) == cell else cell
    return bare.replace("\r\n", "\n")


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""
