import eventlet

eventlet.monkey_patch()

from services.participants.service import ParticipantsService
from shared.runner import run

run(ParticipantsService)
