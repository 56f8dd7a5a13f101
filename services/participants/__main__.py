"""The process of the service."""

import shared.host.green

from services.participants.service import ParticipantsService
from shared.host.runner import run

run(ParticipantsService)
