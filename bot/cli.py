"""The command line: parse, print, exit status; decides nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.config import Home
from bot.config import home as find_home
from bot.errors import BadUse, MayIError

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


def _json(value: Any) -> str:
    """JSON with its letters as they are, but for what somebody's reader may take for the end of a line."""
    text = json.dumps(value, ensure_ascii=False)
    if text.isprintable():
        return text
    return json.dumps(value)


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
    from bot.app import policies
    from bot.app.talk import Conversation
    from bot.platforms.terminal import Terminal

    home = _home()
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    terminal = Terminal(sys.stdout)
    conversation = Conversation(home, school, durable=True)
    try:
        if interactive:
            text, read = policies.reading(home, school)
            with terminal.progress(text):
                read()
            terminal.show(conversation.welcome)
        lines = (
            terminal.ask_lines(f"{conversation.school.id} > ")
            if interactive
            else (line.decode("utf-8", "replace") for line in sys.stdin.buffer)
        )
        terminal.converse(lines, conversation.handle)
    finally:
        conversation.close()


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
    from bot.app import answers

    home = _home()
    if jsonl:
        if question is not None:
            raise BadUse(
                "with --jsonl the questions come from standard input; leave out the question"
            )
        for answer in answers.answer_lines(home, school, sys.stdin.buffer):
            click.echo(_json(answer))
        return
    if question is None or not question.strip():
        raise BadUse('type the question after the command: mayi ask "may I …?"')
    if as_json:
        click.echo(
            json.dumps(answers.answer_object(home, school, question), ensure_ascii=False, indent=1)
        )
        return
    from bot.app.talk import ask_once
    from bot.platforms.terminal import Terminal

    Terminal(sys.stdout).show(ask_once(home, school, question))


@cli.group()
@home_option
def policy() -> None:
    """Import a policy, and see how it was read."""


@policy.command("import")
@click.argument("file", type=click.Path())
@click.option("--school", metavar="S", required=True, help="whose policy it is; made if it is new")
@click.option("--title", metavar="T", help="the policy's title, where the document does not say it")
@click.option("--minor", is_flag=True, help="it changes wording only: confirmations stay good")
@click.option("--dry-run", is_flag=True, help="write nothing; say what would become of it")
@home_option
def import_(file: str, school: str, title: str | None, *, minor: bool, dry_run: bool) -> None:
    """Turn a txt, md, docx, pdf or html document into an editable policy file."""
    from bot.app import policies

    home = _home()
    account, created = policies.import_policy(
        home, file, school, title, minor=minor, write=not dry_run
    )
    text = policies.account_text(home, account, school, created=created, written=not dry_run)
    for line in text.splitlines():
        click.echo(line)


@policy.command()
@school_option
@click.option("--json", "as_json", is_flag=True, help="print a JSON object a clause")
@home_option
def show(school: str | None, as_json: bool) -> None:
    """Show how each clause was read: strength, whom it binds, topics, whom to tell."""
    from bot.app import policies

    rows = policies.readings(_home(), school)
    if as_json:
        for row in rows:
            click.echo(_json(row))
        return
    from bot.platforms.terminal import Terminal

    Terminal(sys.stdout).table(rows)


@policy.command("check")
@school_option
@click.option("--policy", "which", metavar="P", help="one policy only, by its code or title")
@click.option("--html", type=click.Path(), help="write the review as a page to read or print")
@click.option("--json", "as_json", is_flag=True, help="print a JSON object a finding")
@home_option
def review(school: str | None, which: str | None, html: str | None, *, as_json: bool) -> int:
    """Review a school's policies as a careful reader would; exit status 1 when something is found."""
    from bot.app import review as desk

    home = _home()
    reviewed = desk.review_policies(home, school, which)
    if html is not None:
        desk.write_page(home, school, reviewed, Path(html))
    if as_json:
        for row in desk.rows(reviewed):
            click.echo(_json(row))
    else:
        from bot.platforms.terminal import Terminal

        terminal = Terminal(sys.stdout)
        for one in reviewed:
            terminal.findings(
                one.found, desk.weights(home, school), desk.summary(home, school, one)
            )
    return 1 if any(one.found for one in reviewed) else 0


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
    from bot.app import policies

    if number is None:
        if clause or answer or forget:
            raise BadUse("say which question: --number N")
        for q in policies.questions(_home(), school):
            decision = q.clause or (f"“{q.answer}”" if q.answer else q.why.value)
            click.echo(f"{q.number:4}  {q.times:3} x  {q.last}  {q.text}  [{decision}]")
        return
    if sum(map(bool, (clause, answer, forget))) != 1:
        raise BadUse("give one of --clause ID, --answer TEXT or --forget")
    if forget:
        policies.forget(_home(), school, number)
    else:
        policies.decide(_home(), school, number, clause=clause, answer=answer)


@cli.command()
@click.argument("school")
@click.option("--like", metavar="MODEL", help="begin with a copy of this model school")
@home_option
def init(school: str, like: str | None) -> None:
    """Set up a school: its school.toml and a folder for its policies."""
    from bot.app import schools

    click.echo(schools.init(_home(), school, like))


@cli.command()
@home_option
def check() -> int:
    """Prove that the configuration can work, before anyone relies on it."""
    from bot.app import checks

    findings = checks.check(_home())
    for finding in findings:
        click.echo(finding)
    if not findings:
        click.echo("Nothing found.")
    return 1 if findings else 0


@cli.command()
@home_option
def serve() -> None:
    """Deliver what waits, look at what is due and show the pages, until told to stop."""
    from bot import web
    from bot.app import serving

    serving.log_to_standard_error()
    asyncio.run(serving.serve(_home(), web.app))


@cli.command()
@school_option
@home_option
def reports(school: str | None) -> None:
    """Count the reports of a school; nothing of what is in them."""
    from bot.app import records

    click.echo(asyncio.run(records.report_counts(_home(), school)))


@cli.command()
@school_option
@click.option("--next", "ahead", metavar="90d", default="90d", help="how far to look: 90d, 12w")
@home_option
def reminders(school: str | None, ahead: str) -> None:
    """Show what will go out, when, to whom and why."""
    from bot.app import reminders as dates
    from bot.platforms.terminal import Terminal

    rows, text = asyncio.run(dates.coming_up(_home(), school, ahead))
    if rows:
        Terminal(sys.stdout).listing(
            ("when", "to", "what", "why"), [(r.when, r.to, r.what, r.why) for r in rows]
        )
    click.echo(text)


@cli.group(invoke_without_command=True)
@school_option
@click.option("--policy", metavar="P", default="", help="only this one, by its file's name")
@click.option("--csv", "csv_", metavar="FILE", help="write a line a person and policy; - prints it")
@click.option("--html", metavar="FILE", help="write the report for governors as a page")
@click.option("--pdf", metavar="FILE", help="write the report for governors as one A4 page")
@home_option
@click.pass_context
def acks(
    ctx: click.Context,
    school: str | None,
    policy: str,
    csv_: str | None,
    html: str | None,
    pdf: str | None,
) -> None:
    """Show who has confirmed what: numbers by team, a list, a report for governors."""
    if ctx.invoked_subcommand:
        if school or policy or csv_ or html or pdf:
            raise BadUse("write the options after the command: mayi acks verify --school S")
        return
    from bot.app import acks as records
    from bot.platforms.terminal import Terminal

    told = asyncio.run(records.standing(_home(), school, policy))
    if csv_ == "-":
        click.echo(told.csv.encode(), nl=False)
    elif csv_:
        # The mark at the beginning tells a spreadsheet that it is UTF-8.
        records.write(csv_, b"\xef\xbb\xbf" + told.csv.encode())
    if html:
        records.write(html, told.html.encode())
    if pdf:
        records.write(pdf, told.pdf)
    if not (csv_ or html or pdf):
        Terminal(sys.stdout).listing(told.headings, told.table)
        click.echo(told.text)


@acks.command("verify")
@school_option
@click.option("--reference", metavar="A-…", default="", help="one, printed anew as a certificate")
@click.option("--pdf", metavar="FILE", help="with --reference: write the certificate")
@click.option("--text", metavar="FILE", help="with --reference: write the text that was shown")
@click.option("--list", "list_", metavar="FILE", help="check a list that --csv made")
@home_option
def verify_acks(
    school: str | None, reference: str, pdf: str | None, text: str | None, list_: str | None
) -> int:
    """Check every confirmation against its text and the audit trail; exit status 1 with findings."""
    from bot.app import acks as records

    if not reference:
        if pdf or text:
            raise BadUse("say which one: --reference A-…")
        listed = records.read(list_) if list_ else None
        words, sound = asyncio.run(records.verify(_home(), school, listed))
        click.echo(words)
        return 0 if sound else 1
    shown = asyncio.run(records.one(_home(), school, reference))
    click.echo(shown.text)
    if pdf:
        records.write(pdf, shown.pdf)
    if text:
        records.write(text, shown.wording.encode())
    return 0 if shown.holds else 1


@cli.group()
@home_option
def keys() -> None:
    """Look after the keys that records are sealed with."""


@keys.command("rotate")
@home_option
def rotate() -> None:
    """Seal all records with a new key and take the old ones out of use."""
    from bot.app import records

    click.echo(asyncio.run(records.rotate_keys(_home())))


@cli.group()
@home_option
def audit() -> None:
    """Check the trail of who saw and did what."""


@audit.command("verify")
@click.option("--noted", metavar="N:HASH", default="", help="a head that was written down before")
@home_option
def verify(noted: str) -> int:
    """Go through the whole trail; exit status 1 when something is wrong."""
    from bot.app import records

    text, sound = asyncio.run(records.verify_audit(_home(), noted))
    click.echo(text)
    return 0 if sound else 1


@cli.command()
@click.argument("file", type=click.Path())
@home_option
def backup(file: str) -> None:
    """Write records and schools into one file; the keys are not in it."""
    from bot.app import records

    click.echo(asyncio.run(records.back_up(_home(), Path(file))))


@cli.command()
@click.argument("file", type=click.Path())
@click.option("--replace", is_flag=True, help="put it in place of the records that are there")
@home_option
def restore(file: str, replace: bool) -> None:
    """Bring back what a backup holds."""
    from bot.app import records

    click.echo(asyncio.run(records.bring_back(_home(), Path(file), replace=replace)))


@cli.group()
@home_option
def teams() -> None:
    """Set MayI up in Microsoft Teams."""


@teams.command("package")
@school_option
@click.option(
    "--version", default="1.0.0", help="of the app, such as 1.0.1; raise it for an update"
)
@click.option("--out", type=click.Path(), default="mayi-teams.zip", help="the file to write")
@home_option
def package(school: str | None, version: str, out: str) -> None:
    """Write the app package to upload to Teams."""
    from bot.app import schools

    click.echo(schools.teams_package(_home(), school, version, Path(out)))
