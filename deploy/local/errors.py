"""Owns the one error of the local stack."""


class LocalError(Exception):
    """Something the machine lacks or that did not start; the message is one line with the remedy.

    Not retryable before the remedy was applied.
    """
