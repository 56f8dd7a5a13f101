"""Validates what an operator deploys, and deploys with, offline: `python -m deploy.validate`.

Prints one line for each finding and exits 1 if there is any. Owns the list of checks.
"""

import sys
from pathlib import Path

from yamllint import linter
from yamllint.config import YamlLintConfig

from deploy.checks import compose, declarations, dockerfile, kubernetes

ROOT = Path(__file__).resolve().parent.parent
_YAML_RULES = YamlLintConfig(
    "extends: default\n"
    "rules:\n"
    "  line-length: {max: 100}\n"
    "  comments: {min-spaces-from-content: 2}\n"
    "  octal-values: disable\n"  # file modes, which Kubernetes documents in octal
)


def validate(root: Path) -> list[str]:
    """All findings in the Dockerfile, docker-compose.yml and deploy/ below `root`."""
    return [*_yaml(root), *dockerfile.check(root), *compose.check(root), *kubernetes.check(root)]


def _yaml(root: Path) -> list[str]:
    files = [root / compose.FILE, *sorted((root / "deploy").rglob("*.yaml"))]
    return [
        f"{path.relative_to(root)}:{problem.line}: {problem.message}"
        for path in files
        for problem in linter.run(path.read_text(), _YAML_RULES)
    ]


def main() -> int:
    findings = [*validate(ROOT), *declarations.check()]
    for finding in findings:
        print(finding.replace(f"{ROOT}/", ""), file=sys.stderr)
    if not findings:
        print("packaging: Dockerfile, docker-compose.yml and Kubernetes manifests are valid")
        print("privacy: of every field that can be pushed it is said whether it may leave")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
