"""The errors ferbeam raises; each carries one line that a user can act on."""

from __future__ import annotations


class FerError(Exception):
    """Something ferbeam cannot do. The message says what is wrong and what would be right."""


class UsageError(FerError):
    """The command was called with arguments that do not fit."""


class SettingsError(FerError):
    """The settings do not fit what an output folder already holds."""


class TryLaterError(FerError):
    """Nothing is wrong with the command: it works once something else has changed."""


class LockedError(TryLaterError, SettingsError):
    """Another command writes into the folder."""


class MediaError(FerError):
    """The bytes of a medium cannot be read: a property of the file, so never retried."""


class ModelError(FerError):
    """A model folder is missing, incomplete, or does not fit this version of ferbeam."""


class DataError(FerError):
    """Training or evaluation data cannot be used as they are."""


class ForeignError(FerError):
    """Something lies in a folder of ours that ferbeam did not write, or leads out of it."""


class NameRefusedError(FerError):
    """The disk takes no file of that name, or there is a folder where a file should be."""


class FerWarning(UserWarning):
    """Something of what was asked is left out; the message says what."""
