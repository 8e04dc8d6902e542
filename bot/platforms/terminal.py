"""The terminal as a chat platform: cards as panels, a line typed as an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.chat.model import Button, Card, Event, Field, FieldKind, Form, Quote, Reply, Tone

WIDTH = 100  # columns; a longer line is hard to read
COLOUR = {
    Tone.NO: "red",
    Tone.YES: "green",
    Tone.ONLY_IF: "yellow",
    Tone.DO: "cyan",
    Tone.NOT_COVERED: "magenta",
    Tone.URGENT: "bold red",
    Tone.PLAIN: "white",
}
WEIGHT = {1: "red", 2: "yellow", 3: "cyan"}
LEAVE = frozenset({"quit", "exit", "/quit", "/exit", "q"})
SHORT_COMMAND = 40  # characters: a longer button would repeat the whole question
STOP = "/stop"  # leaves a form; what was sent of it so far is kept


class Terminal:
    """Shows replies and reads lines; with no terminal behind it, plain text in and out."""

    def __init__(
        self, out: TextIO, *, colour: bool | None = None, width: int | None = None
    ) -> None:
        self.console = Console(
            file=out, force_terminal=colour, width=width, highlight=False, emoji=False, markup=False
        )
        if not width and self.console.width > WIDTH:
            self.console.width = WIDTH

    def show(self, reply: Reply) -> None:
        for card in reply.cards:
            self.console.print(card_view(card))
        if reply.form:
            self.console.print(form_view(reply.form))
        for file in reply.files:
            name = Path(file.name).name
            Path(name).write_bytes(file.content)
            self.console.print(Text(f"  {Path(name).absolute()}"))

    def table(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show how clauses were read, a row each."""
        table = Table(box=None, pad_edge=False, show_lines=False)
        for heading in ("id", "strength", "binds", "to", "topics", "clause"):
            table.add_column(heading, overflow="fold")
        for row in rows:
            to = row["approver"] or row["route"] or ""
            binds, subjects = ", ".join(row["binds"]), ", ".join(row["topics"])
            own = "*" if row["by_owner"] else ""
            table.add_row(
                printable(row["id"]) + own,
                row["strength"],
                binds,
                to,
                subjects,
                printable(row["text"]),
            )
        self.console.print(table)

    def listing(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show rows of plain text under headings."""
        table = Table(box=None, pad_edge=False)
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(printable(cell) for cell in row))
        self.console.print(table)

    def findings(self, found: Sequence[Any], weights: Mapping[int, str], summary: str) -> None:
        """Show what a review found, under its weights, and then how much that is."""
        for weight, label in weights.items():
            some = [f for f in found if f.weight == weight]
            if some:
                self.console.print(Text(f"\n{label} ({len(some)})", style=f"bold {WEIGHT[weight]}"))
            for finding in some:
                where = printable(", ".join(finding.clauses))
                text = Text(f"\n{where}  " if where else "\n", style="dim")
                text.append(printable(finding.wrong), style="not dim bold")
                self.console.print(text)
                for quote in finding.quotes:
                    self.console.print(Padding(Text(f"“{printable(quote)}”"), (0, 0, 0, 2)))
                self.console.print(Padding(Text(printable(finding.do)), (0, 0, 0, 2)))
                if finding.source:
                    source = Text(printable(finding.source), style="dim")
                    self.console.print(Padding(source, (0, 0, 0, 2)))
        self.console.print(Text(f"\n{printable(summary)}"))

    def converse(self, lines: Iterator[str], handle: Callable[[Event], Reply]) -> None:
        """Answer line after line until they end or somebody leaves; a form is filled in line by line."""
        for line in lines:
            if line.strip().lower() in LEAVE:
                return
            event: Event | None = Event(line.strip(), conversation="terminal")
            while event is not None:
                reply = handle(event)
                self.show(reply)
                event = self._fill_in(reply.form, lines) if reply.form else None

    def _fill_in(self, form: Form, lines: Iterator[str]) -> Event | None:
        """Ask for each field of a form; None where somebody stops or the lines end."""
        values: dict[str, str | tuple[str, ...]] = {}
        for field in form.fields:
            self.console.print(field_view(field))
            line = next(lines, None)
            if line is None or line.strip().lower() in LEAVE | {STOP}:
                return None
            button = _pressed(form.buttons, line)
            if button:
                return Event(button.says, conversation="terminal", values=values)
            value = filled(field, line)
            if value is not None:
                values[field.name] = value
        return Event(form.says, conversation="terminal", values=values)

    def ask_lines(self, prompt: str) -> Iterator[str]:
        """Lines typed at the prompt, until end of file or Ctrl-C."""
        while True:
            try:
                yield self.console.input(Text(prompt, style="bold"))
            except (EOFError, KeyboardInterrupt):
                self.console.print()
                return

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """Show that something takes a moment."""
        with self.console.status(text):
            yield


def printable(text: str) -> str:
    """Text without what a terminal would obey: a policy or a question may hold escape sequences."""
    return "".join(c for c in text if c.isprintable() or c == "\n")


def card_view(card: Card) -> RenderableType:
    """Draw a card."""
    colour = COLOUR[card.tone]
    parts: list[RenderableType] = [Text(printable(card.headline), style=f"bold {colour}".strip())]
    parts.extend(Padding(_quote(q), (1, 0, 0, 0)) for q in card.quotes[:1])
    if card.lines:
        parts.append(Padding(Text(printable("\n".join(card.lines))), (1, 0, 0, 0)))
    parts.extend(Padding(_quote(q, style="dim"), (1, 0, 0, 0)) for q in card.quotes[1:])
    if card.details:
        parts.append(
            Padding(Text(printable("\n".join(card.details)), style="dim italic"), (1, 0, 0, 0))
        )
    commands = [b for b in card.buttons if b.says.startswith("/") and len(b.says) < SHORT_COMMAND]
    if commands:
        parts.append(Padding(_commands(commands), (1, 0, 0, 0)))
    return Panel(Group(*parts), border_style=colour, padding=(0, 1))


def _commands(buttons: Sequence[Button]) -> Text:
    """Buttons, as what to type in their place."""
    text = Text()
    for n, button in enumerate(buttons):
        text.append("\n" if n else "")
        text.append(printable(button.says), style="bold")
        text.append(f"  {printable(button.label)}", style="dim")
    return text


def form_view(form: Form) -> RenderableType:
    """Draw the head of a form; its fields are asked for one by one."""
    parts: list[RenderableType] = []
    if form.urgent:
        parts.append(Text(printable(form.urgent), style="bold red"))
    if form.lines:
        parts.append(Padding(Text(printable("\n".join(form.lines))), (1, 0, 0, 0)))
    parts.extend(Padding(_quote(q), (1, 0, 0, 0)) for q in form.quotes)
    ways = [f"/{b.label.lower()}" for b in form.buttons] + [STOP]
    hint = f"Type your answers below; {' or '.join(ways)} leaves this page."
    parts.append(Padding(Text(printable(hint), style="dim"), (1, 0, 0, 0)))
    return Panel(Group(*parts), title=printable(form.title), border_style="cyan", padding=(0, 1))


def field_view(field: Field) -> RenderableType:
    """Draw one field: what is asked, the options with their numbers, what is wrong."""
    text = Text()
    if field.error:
        text.append(printable(field.error) + "\n", style="bold red")
    text.append(printable(field.label), style="bold")
    if field.optional:
        text.append(" (optional: Enter for none)", style="dim")
    if field.hint:
        text.append("\n" + printable(field.hint), style="dim")
    chosen = {field.value} if isinstance(field.value, str) else set(field.value)
    for n, option in enumerate(field.options, 1):
        mark = "*" if option.value in chosen else " "
        text.append(f"\n{mark}{n:2}  {printable(option.label)}")
    if field.options:
        several = (
            "numbers, with commas between them" if field.kind is FieldKind.CHOICES else "number"
        )
        text.append(f"\nType the {several}.", style="dim")
    elif field.value:
        text.append(f"\n(Enter keeps: {printable(str(field.value))})", style="dim")
    return text


def filled(field: Field, line: str) -> str | tuple[str, ...] | None:
    """What a typed line puts into a field; an empty line leaves it as it is."""
    line = line.strip()
    if not line:
        return field.value or None
    if not field.options:
        return line
    if field.kind is FieldKind.CHOICE:
        return _chosen(field, line)
    return tuple(_chosen(field, part.strip()) for part in line.split(",") if part.strip())


def _chosen(field: Field, typed: str) -> str:
    """The option meant by a number, its value, or the beginning of its label; else what was typed."""
    if typed.isdecimal() and 1 <= int(typed[:4]) <= len(field.options):
        return field.options[int(typed) - 1].value
    low = typed.lower()
    found = [o.value for o in field.options if low == o.value or o.label.lower().startswith(low)]
    return found[0] if found else typed


def _pressed(buttons: Sequence[Button], line: str) -> Button | None:
    return next((b for b in buttons if line.strip().lower() == f"/{b.label.lower()}"), None)


def _quote(quote: Quote, style: str = "") -> RenderableType:
    text = Text(style=style)
    if quote.lead_in:
        text.append(printable(quote.lead_in) + "\n", style="italic")
    text.append(f"“{printable(quote.text)}”")
    text.append("\n" + printable(quote.source), style="dim")
    return Padding(text, (0, 0, 0, 2))
