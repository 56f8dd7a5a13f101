import eventlet

eventlet.monkey_patch()  # before anything opens a socket

from services.reporting.service import ReportingService
from shared.host.runner import run

run(ReportingService)
