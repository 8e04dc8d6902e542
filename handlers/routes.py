"""The table of what people say: read it and you know everything the conversation can do."""

from __future__ import annotations

from bot.chat.router import Route
from handlers.ask import ask, not_that
from handlers.desk import desk, handle_report, open_report, refer_report, too_close
from handlers.help import show_help, show_policies
from handlers.home import home
from handlers.my_reports import add_to_report, my_reports, rang
from handlers.report import report, report_again, report_back, report_page
from handlers.services import Services

ROUTES: tuple[Route[Services], ...] = (
    Route(show_help, ("help", "?")),
    Route(home, ("home",), private=True),
    Route(show_policies, ("policies",)),
    Route(report, ("report-incident", "report"), private=True),
    Route(my_reports, ("my-reports",), private=True),
    Route(desk, ("desk",), private=True),
    # Pressed and filled in rather than typed:
    Route(not_that, ("not-that",)),
    Route(report_page, ("report-page",), shown=False, private=True),
    Route(report_back, ("report-back",), shown=False, private=True),
    Route(report_again, ("report-again",), shown=False, private=True),
    Route(add_to_report, ("add-to-report",), shown=False, private=True),
    Route(rang, ("rang",), shown=False, private=True),
    Route(open_report, ("open",), shown=False, private=True),
    Route(handle_report, ("handle",), shown=False, private=True),
    Route(refer_report, ("refer",), shown=False, private=True),
    Route(too_close, ("too-close",), shown=False, private=True),
    Route(ask),
)
