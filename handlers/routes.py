"""The table of what people say: read it and you know everything the conversation can do."""

from __future__ import annotations

from bot.chat.router import Route
from handlers.acks.acknowledge import acknowledge, acknowledge_page, acknowledge_read
from handlers.acks.certificate import certificate
from handlers.acks.discussion import discussion, keep_discussion
from handlers.acks.exceptions import acknowledge_except
from handlers.acks.questions import acknowledge_asked, acknowledge_question
from handlers.ask import ask, not_that
from handlers.dates.remind import (
    call_off,
    got_it,
    remind,
    reminders,
    set_reminder,
    snooze,
    switch_off,
    switch_on,
)
from handlers.help import show_help, show_policies
from handlers.home import home
from handlers.kept import my_data
from handlers.progress.view import acks_report, show_acks
from handlers.reports.desk import desk, handle_report, open_report, refer_report, too_close
from handlers.reports.mine import add_to_report, my_reports, rang
from handlers.reports.report import report, report_again, report_back, report_page
from handlers.reviews import mark_reviewed, reviewed
from handlers.services import Services

ROUTES: tuple[Route[Services], ...] = (
    Route(show_help, ("help", "?")),
    Route(home, ("home",), private=True),
    Route(show_policies, ("policies",)),
    Route(report, ("report-incident", "report"), private=True),
    Route(my_reports, ("my-reports",), private=True),
    Route(desk, ("desk",), private=True),
    Route(acknowledge, ("acknowledge",), private=True),
    Route(show_acks, ("acks", "acknowledgements"), private=True),
    Route(reminders, ("reminders",), private=True),
    Route(remind, ("remind",), private=True),
    Route(my_data, ("my-data",), private=True),
    # Pressed and filled in rather than typed:
    Route(not_that, ("not-that",), shown=False),
    Route(report_page, ("report-page",), shown=False, private=True),
    Route(report_back, ("report-back",), shown=False, private=True),
    Route(report_again, ("report-again",), shown=False, private=True),
    Route(add_to_report, ("add-to-report",), shown=False, private=True),
    Route(rang, ("rang",), shown=False, private=True),
    Route(open_report, ("open",), shown=False, private=True),
    Route(handle_report, ("handle",), shown=False, private=True),
    Route(refer_report, ("refer",), shown=False, private=True),
    Route(too_close, ("too-close",), shown=False, private=True),
    Route(discussion, ("discussion",), shown=False, private=True),
    Route(got_it, ("got-it",), shown=False, private=True),
    Route(snooze, ("snooze",), shown=False, private=True),
    Route(switch_off, ("switch-off",), shown=False, private=True),
    Route(switch_on, ("switch-on",), shown=False, private=True),
    Route(set_reminder, ("set-reminder",), shown=False, private=True),
    Route(call_off, ("call-off",), shown=False, private=True),
    Route(reviewed, ("reviewed",), shown=False, private=True),
    Route(mark_reviewed, ("mark-reviewed",), shown=False, private=True),
    Route(keep_discussion, ("keep-discussion",), shown=False, private=True),
    Route(acks_report, ("acks-report",), shown=False, private=True),
    Route(certificate, ("certificate",), shown=False, private=True),
    Route(acknowledge_read, ("acknowledge-read",), shown=False, private=True),
    Route(acknowledge_page, ("acknowledge-page",), shown=False, private=True),
    Route(acknowledge_question, ("acknowledge-question",), shown=False, private=True),
    Route(acknowledge_asked, ("acknowledge-asked",), shown=False, private=True),
    Route(acknowledge_except, ("acknowledge-except",), shown=False, private=True),
    Route(ask),
)
