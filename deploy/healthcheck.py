"""The container's own health check: asks the process's /healthz, with the standard library alone.

Exits 0 if it answered 2xx within two seconds, 1 otherwise. The gateway serves its health on its own
port, the services on HEALTH_PORT.
"""

import http.client
import os
import sys


def main() -> int:
    port = os.environ["HTTP_PORT" if os.environ["SERVICE"] == "gateway" else "HEALTH_PORT"]
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=2)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except OSError as error:
        print(f"no answer on port {port}: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    return 0 if 200 <= status < 300 else 1


if __name__ == "__main__":
    sys.exit(main())
