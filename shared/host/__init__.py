"""The host of a service's process: the one place that knows nameko and eventlet."""

import warnings

# One line in every process's log, before the log is JSON; the decision stands in ADR 0006.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
