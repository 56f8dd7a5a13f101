"""Writes `gateway/schema.graphql`, or with `--check` tells whether it is fresh."""

import sys
from pathlib import Path

from graphql import print_schema

from gateway.schema import schema

TARGET = Path(__file__).parent.parent / "schema.graphql"


def main(arguments: list[str]) -> int:
    """0 if the file is written, or fresh; 1 if `--check` found it stale."""
    text = print_schema(schema()) + "\n"
    if "--check" not in arguments:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print("gateway/schema.graphql is stale: run python -m gateway.schema.generate", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
