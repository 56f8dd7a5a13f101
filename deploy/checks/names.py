"""Names that must never carry a literal value in a manifest."""

import re

_SECRET = re.compile(r"(_URI|_KEY|_SHA256|PASSWORD|PASS|TOKEN|SECRET|CREDENTIALS?)$", re.IGNORECASE)


def looks_secret(variable: str) -> bool:
    """Whether an environment variable of this name holds a secret (a `…_FILE` holds a path)."""
    return bool(_SECRET.search(variable))
