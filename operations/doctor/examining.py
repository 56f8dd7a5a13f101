"""The examination: each room of the hub in turn, through the door that leads to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from operations.doctor import database, machine, node, queues
from operations.doctor.finding import Finding
from operations.settings import Settings


class Room(StrEnum):
    """What is looked at through one door: the database, AMQP, rabbitmqctl, this machine."""

    DATABASE = "database"
    QUEUES = "queues"
    BROKER = "broker"
    MACHINE = "machine"


def examine(settings: Settings, rooms: Sequence[Room] = tuple(Room)) -> list[Finding]:
    """Every finding of these rooms. Raises CannotRun where the settings lack what one takes."""
    delays = settings.retry_delays_s
    checks: list[Iterator[Finding]] = []
    if Room.DATABASE in rooms:
        checks.append(database.check(settings.mongo_uri))
    if Room.QUEUES in rooms:
        checks.append(queues.check(settings.amqp_uri, delays))
    if Room.BROKER in rooms:
        checks.append(node.check(settings.rabbitmqctl, delays))
    if Room.MACHINE in rooms:
        checks.append(machine.check(settings.home))
    return [finding for check in checks for finding in check]
