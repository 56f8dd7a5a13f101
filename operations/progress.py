"""How whoever runs an operator's work is told how far it has got."""

from __future__ import annotations

from collections.abc import Callable

Watch = Callable[[str, int, int], None]
"""Told of progress: the step, how much of it is done, and of how much (0: nobody knows)."""


class Count:
    """Counts what a step has done and tells of it. Args: of: how much there is to do."""

    def __init__(self, watch: Watch, step: str, of: int) -> None:
        self._watch, self._step, self._of = watch, step, of
        self._done = 0
        self.add(0)

    def add(self, more: int) -> None:
        self._done += more
        self._watch(self._step, self._done, self._of)
