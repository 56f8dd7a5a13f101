"""The process of the service."""

import shared.host.green

from services.activities.service import ActivitiesService
from shared.host.runner import run

run(ActivitiesService)
