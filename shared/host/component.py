"""Components of a service's process: what starts and stops with it, and is handed to its methods.

Owns what such a component may count on:

    setup()   once, before anything starts; what it raises ends the process
    start()   when every component is set up
    ready()   asked by /readyz, at any time after
    stop()    when no method runs any more; returns when all is put away
"""

from __future__ import annotations

from typing import Any, cast

from nameko.extensions import DependencyProvider

from shared.config import Config


class Component(DependencyProvider):
    """Base of a component. It stands in the service's class under the name that its methods know:
    `webhooks = Webhooks()`; each process has one of its own."""

    @property
    def config(self) -> Config:
        return cast(Config, self.container.config["hub"])

    def ready(self) -> bool:
        """Whether it does its work now."""
        return True

    def handed(self) -> Any:
        """What the service's methods find under the component's name: the component itself."""
        return self

    def get_dependency(self, worker_ctx: Any) -> Any:  # noqa: ARG002 - nameko's signature
        return self.handed()
