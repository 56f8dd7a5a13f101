import eventlet

eventlet.monkey_patch()

from services.participants.service import ParticipantsService
from shared.host.runner import run

run(ParticipantsService)
