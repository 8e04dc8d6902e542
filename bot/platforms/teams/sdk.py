"""The Teams SDK, imported so that it takes no settings and keeps no log of its own.

The SDK reads a `.env` file of whatever folder it is imported in, warns of previews that it defines itself,
and writes parts of what people typed to its log. Everything else of MayI takes it from here.
"""

from __future__ import annotations

import logging
import warnings

import dotenv

_before = dotenv.load_dotenv
dotenv.load_dotenv = lambda *_, **__: False
try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        from microsoft_teams.api.activities.message import MessageActivityInput
        from microsoft_teams.api.auth.cloud_environment import PUBLIC, CloudEnvironment
        from microsoft_teams.api.clients import ApiClient
        from microsoft_teams.api.clients.conversation import CreateConversationParams
        from microsoft_teams.api.models.account import Account
        from microsoft_teams.api.models.invoke_response import InvokeResponse
        from microsoft_teams.apps import App
        from microsoft_teams.apps.events import ActivityEvent
        from microsoft_teams.apps.http import HttpRequest, HttpRouteHandler
        from microsoft_teams.common import Client, ClientOptions
        from microsoft_teams.common.experimental import ExperimentalWarning
finally:
    dotenv.load_dotenv = _before

# What it would say of a request that failed may hold the request; the door and the post say it in their words.
for _name in ("microsoft_teams", "msal"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)
# Its client gives this level to httpx, whose lines name conversations, again and again.
logging.getLogger("microsoft_teams.common.http.client").setLevel(logging.WARNING)

__all__ = [
    "PUBLIC",
    "Account",
    "ActivityEvent",
    "ApiClient",
    "App",
    "Client",
    "ClientOptions",
    "CloudEnvironment",
    "CreateConversationParams",
    "ExperimentalWarning",
    "HttpRequest",
    "HttpRouteHandler",
    "InvokeResponse",
    "MessageActivityInput",
]
