"""What can go wrong, in words for the person who can mend it.

MayIError            one line that says what is wrong and what to do
├── BadUse           the command was used wrongly (exit status 2)
└── CannotDo         it was asked rightly and could not be done (exit status 3)
├── BadDocument  a policy document could not be read
├── BadPolicy    a policy file in the home is not as it should be
└── BadSettings  a setting or school.toml is wrong
"""

from __future__ import annotations


class MayIError(Exception):
    """One line that says what is wrong and what to do; safe to show to anyone."""

    exit_status = 3


class BadUse(MayIError):
    """The command was used wrongly."""

    exit_status = 2


class CannotDo(MayIError):
    """It was asked rightly and could not be done."""


class BadDocument(CannotDo):
    """A policy document could not be read."""


class BadPolicy(CannotDo):
    """A policy file in the home is not as it should be."""


class BadSettings(CannotDo):
    """A setting or a school.toml is wrong."""
