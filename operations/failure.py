"""How an operator's work fails: in one line, which the command line shows as it is."""


class CannotRun(Exception):
    """The work could not be done; the text says why, in one line. Exit code 2."""
