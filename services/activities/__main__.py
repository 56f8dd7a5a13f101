"""The process of the service."""

import eventlet

eventlet.monkey_patch()

from services.activities.service import ActivitiesService
from shared.host.runner import run

run(ActivitiesService)
