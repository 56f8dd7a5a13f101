"""The process of the service."""

import shared.host.green

from services.reporting.service import ReportingService
from shared.host.runner import run

run(ReportingService)
