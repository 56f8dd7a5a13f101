"""What the demo prints: receipts, the four figures by sex and group, what the partner got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

FIGURES = {
    "announced": "Annoncés",
    "personSessions": "Présences",
    "uniquePerActivity": "Personnes par activité",
    "uniquePeople": "Personnes distinctes",
}
SEXES = {"female": "F", "male": "H"}


class Printed:
    """Writes to one console."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def pushed(self, name: str, counts: Mapping[str, int], problems: Iterable[str]) -> None:
        """One line per list: how many rows were created, updated, unchanged, rejected."""
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        self.console.print(f"  {name:<14} {told}")
        for problem in problems:
            self.console.print(f"    [red]{problem}[/red]")

    def figures(self, title: str, report: Mapping[str, Any]) -> None:
        """The four figures by stakeholder group, each as total (women/men/others and unknown)."""
        table = Table(title=title, caption="F / H / autre ou inconnu ; les cases font le total")
        table.add_column("Groupe principal")
        for heading in FIGURES.values():
            table.add_column(heading, justify="right")
        cells: dict[str, dict[str, Counter[str]]] = {}
        labels: dict[str, str] = {}
        for figure in FIGURES:
            for cell in report["figures"][figure]["cells"]:
                keys = {key["dimension"]: key for key in cell["keys"]}
                group = keys["group"]
                labels[group["code"]] = group["label"]
                by_sex = cells.setdefault(group["code"], {}).setdefault(figure, Counter())
                by_sex[SEXES.get(keys["sex"]["code"], "?")] += cell["value"]
        for group, by_figure in sorted(cells.items(), key=lambda each: each[0] == "unknown"):
            table.add_row(labels[group], *(self._split(by_figure.get(name)) for name in FIGURES))
        table.add_section()
        totals = [str(report["figures"][name]["total"]) for name in FIGURES]
        table.add_row("[bold]Total[/bold]", *(f"[bold]{total}[/bold]" for total in totals))
        self.console.print(table)

    @staticmethod
    def _split(counts: Counter[str] | None) -> str:
        if not counts:
            return "0"
        return f"{counts.total()}  ({counts['F']}/{counts['H']}/{counts['?']})"

    def coverage(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """ECPF components, those that no activity supports yet included."""
        covered = [row for row in rows if row["activities"]]
        gaps = [row["label"] for row in rows if not row["activities"]]
        for row in covered:
            self.console.print(
                f"  {row['label']}: {row['activities']} activités, {row['uniquePeople']} personnes"
            )
        self.console.print(f"  [dim]Pas encore couvert : {', '.join(gaps)}[/dim]")

    def received(self, items: Iterable[Mapping[str, Any]]) -> None:
        """What the partner's receiver verified and kept, counted by type."""
        counted = Counter(str(item["type"]) for item in items)
        for kind, count in sorted(counted.items()):
            self.console.print(f"  {kind:<42} {count}")
