"""The deployables that own data: one folder, one process, one database each."""

import warnings

# One line in every process's log, at import, before the log is JSON; the decision is in an ADR.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
