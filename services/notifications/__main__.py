"""The process of the service."""

import shared.host.green

from services.notifications.service import NotificationsService
from shared.host.runner import run

run(NotificationsService)
