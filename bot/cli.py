"""The command line: parse, print, exit status; decides nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.config import Home
from bot.config import home as find_home
from bot.errors import BadUse, MayIError

if TYPE_CHECKING:
    from bot.policy.importer import Account

F = TypeVar("F", bound=Callable[..., Any])


def run(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 findings, 2 bad use, 3 could not be done."""
    try:
        status = cli.main(arguments, prog_name="mayi", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as e:
        click.echo(e.ctx.get_help(), err=True)
        sys.exit(2)
    except click.ClickException as e:
        _fail(e.format_message().rstrip("."), 2)
    except click.Abort:
        sys.exit(130)
    except MayIError as e:
        _fail(str(e), e.exit_status)
    sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str, status: int) -> None:
    line = "".join(c for c in " ".join(message.split()) if c.isprintable())
    click.echo(f"mayi: {line}", err=True)
    sys.exit(status)


def _json(value: Any, indent: int | None = None) -> str:
    """JSON with its letters as they are, but for what is no whole character."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isprintable() or text.encode("utf-8", "replace").decode("utf-8") == text:
        return text
    return json.dumps(value, indent=indent)


def home_option(command: F) -> F:
    """`--home DIR`, before or after the command."""

    def keep(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
        if value:
            ctx.ensure_object(dict)["home"] = value
        return value

    option = click.option(
        "--home",
        metavar="DIR",
        help="where MayI keeps its files",
        expose_value=False,
        callback=keep,
    )
    return option(command)


school_option = click.option("--school", metavar="S", help="which school")


def _home() -> Home:
    return find_home(click.get_current_context().ensure_object(dict).get("home"))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mayi", message="%(version)s")
@home_option
def cli() -> None:
    """MayI answers "may I …?" from a school's own policy."""


@cli.command("try")
@school_option
@home_option
def try_(school: str | None) -> None:
    """Have a conversation in the terminal; nothing is sent to anyone."""
    from bot import app
    from bot.platforms.terminal import Terminal

    home = _home()
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    terminal = Terminal(sys.stdout)
    handle, found, welcome = app.conversation(home, school)
    if interactive:
        text, read = app.reading(home, school)
        with terminal.progress(text):
            read()
        terminal.show(welcome)
    lines = (
        terminal.ask_lines(f"{found.id} > ")
        if interactive
        else (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
    )
    terminal.converse(lines, handle)


@cli.command()
@school_option
@click.option("--json", "as_json", is_flag=True, help="print the answer object")
@click.option(
    "--jsonl", is_flag=True, help="read questions from standard input, a JSON object a line"
)
@click.argument("question", required=False)
@home_option
def ask(school: str | None, as_json: bool, jsonl: bool, question: str | None) -> None:
    """Answer one question, or with --jsonl a stream of them."""
    from bot import app

    home = _home()
    if jsonl:
        if question is not None:
            raise BadUse(
                "with --jsonl the questions come from standard input; leave out the question"
            )
        for answer in app.answer_lines(home, school, sys.stdin.buffer):
            click.echo(_json(answer))
        return
    if question is None or not question.strip():
        raise BadUse('type the question after the command: mayi ask "may I …?"')
    if as_json:
        click.echo(
            json.dumps(app.answer_object(home, school, question), ensure_ascii=False, indent=1)
        )
        return
    from bot.chat.model import Event
    from bot.platforms.terminal import Terminal

    handle, _, _ = app.conversation(home, school)
    Terminal(sys.stdout).show(handle(Event(question)))


@cli.group()
@home_option
def policy() -> None:
    """Import a policy, and see how it was read."""


@policy.command("import")
@click.argument("file", type=click.Path())
@click.option("--school", metavar="S", required=True, help="whose policy it is; made if it is new")
@click.option("--title", metavar="T", help="the policy's title, where the document does not say it")
@home_option
def import_(file: str, school: str, title: str | None) -> None:
    """Turn a txt, md, docx, pdf or html document into an editable policy file."""
    from bot import app

    account, created = app.import_policy(_home(), file, school, title)
    for line in _account_lines(account, school, created=created):
        click.echo(line)


def _account_lines(account: Account, school: str, *, created: bool) -> Iterator[str]:
    from bot import app

    yield from app.account_text(account, school, created=created).splitlines()


@policy.command()
@school_option
@click.option("--json", "as_json", is_flag=True, help="print a JSON object a clause")
@home_option
def show(school: str | None, as_json: bool) -> None:
    """Show how each clause was read: strength, whom it binds, topics, whom to tell."""
    from bot import app

    rows = app.readings(_home(), school)
    if as_json:
        for row in rows:
            click.echo(_json(row))
        return
    from bot.platforms.terminal import Terminal

    Terminal(sys.stdout).table(rows)


@policy.command()
@school_option
@click.option("--number", type=int, metavar="N", help="the question to decide on")
@click.option("--clause", metavar="ID", default="", help="answer it with this clause from now on")
@click.option("--answer", metavar="TEXT", default="", help="answer it in the school's own words")
@click.option("--forget", is_flag=True, help="take it off the list")
@home_option
def questions(
    school: str | None, number: int | None, clause: str, answer: str, forget: bool
) -> None:
    """Show what staff asked and got no answer to; decide what they get next time."""
    from bot import app

    if number is None:
        if clause or answer or forget:
            raise BadUse("say which question: --number N")
        for q in app.questions(_home(), school):
            decision = q.clause or (f"“{q.answer}”" if q.answer else q.why.value)
            click.echo(f"{q.number:4}  {q.times:3} x  {q.last}  {q.text}  [{decision}]")
        return
    if sum(map(bool, (clause, answer, forget))) != 1:
        raise BadUse("give one of --clause ID, --answer TEXT or --forget")
    if forget:
        app.forget(_home(), school, number)
    else:
        app.decide(_home(), school, number, clause=clause, answer=answer)


@cli.command()
@click.argument("school")
@click.option("--like", metavar="MODEL", help="begin with a copy of this model school")
@home_option
def init(school: str, like: str | None) -> None:
    """Set up a school: its school.toml and a folder for its policies."""
    from bot import app

    click.echo(app.init(_home(), school, like))


@cli.command()
@home_option
def check() -> int:
    """Prove that the configuration can work, before anyone relies on it."""
    from bot import app

    findings = app.check(_home())
    for finding in findings:
        click.echo(finding)
    if not findings:
        click.echo("Nothing found.")
    return 1 if findings else 0
