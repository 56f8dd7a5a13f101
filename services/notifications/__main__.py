import eventlet

eventlet.monkey_patch()  # before anything opens a socket

from services.notifications.service import NotificationsService
from shared.host.runner import run

run(NotificationsService)
