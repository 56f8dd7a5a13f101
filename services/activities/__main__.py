"""The process of the service."""

import eventlet

eventlet.monkey_patch()

from services.activities.service import ActivitiesService
from shared.runner import run

run(ActivitiesService)
