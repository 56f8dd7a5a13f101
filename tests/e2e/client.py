"""A chapter's client for the tests: raw answers, so that errors can be looked at as well."""

from __future__ import annotations

from typing import Any

import httpx

COUNTS = """created updated unchanged rejected
  receipts { row sheet id status version problems { code field path message } }"""

PUSH = (
    "mutation($input: PushActivitiesInput!) { pushActivities(input: $input) {"
    f" participants {{ {COUNTS} }} activities {{ {COUNTS} }} attendance {{ {COUNTS} }} }} }}"
)
PUSH_PROJECTS = (
    "mutation($items: [ProjectInput!]!, $pushId: ID) {"
    f" pushProjects(items: $items, pushId: $pushId) {{ {COUNTS} }} }}"
)
MOVE = (
    "mutation($from: ID!, $to: ID!, $who: [ID!]!, $pushId: ID) {"
    " moveAttendance(fromSession: $from, toSession: $to, participantIds: $who, pushId: $pushId)"
    f" {{ {COUNTS} }} }}"
)
WITHDRAW = (
    "mutation($items: [TombstoneInput!]!, $pushId: ID) {"
    f" withdrawActivities(items: $items, pushId: $pushId) {{ {COUNTS} }} }}"
)
CREATE_KEY = """mutation($role: Role!, $chapter: String) {
  createApiKey(role: $role, chapter: $chapter, label: "test") { key } }"""
FEED = """query($after: String) { feed(first: 200, after: $after) {
  edges { node { id type subject data } } pageInfo { hasNextPage endCursor } head } }"""
REPORT = """query($filter: ReportFilter, $by: [Dimension!]) { report(filter: $filter, by: $by) {
  activitiesCounted figures { announced { ...f } personSessions { ...f }
    uniquePerActivity { ...f } uniquePeople { ...f } } } }
fragment f on Figure { total cells { keys { dimension code } value } }"""

FIGURES = ("announced", "personSessions", "uniquePerActivity", "uniquePeople")


class Client:
    """One key, one language."""

    def __init__(self, url: str, key: str, language: str = "en") -> None:
        self.http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept-Language": language},
            timeout=30,
            trust_env=False,
        )

    def answer(self, document: str, **variables: Any) -> dict[str, Any]:
        response = self.http.post("/graphql", json={"query": document, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer

    def ask(self, document: str, **variables: Any) -> Any:
        """The single root field of a clean answer."""
        answer = self.answer(document, **variables)
        assert not answer.get("errors"), answer["errors"]
        [value] = answer["data"].values()
        return value

    def key(self, role: str, chapter: str | None = None) -> str:
        key: str = self.ask(CREATE_KEY, role=role, chapter=chapter)["key"]
        return key

    def push(self, **lists: Any) -> Any:
        return self.ask(PUSH, input=lists)

    def figures(self, by: tuple[str, ...] = (), **filter: Any) -> dict[str, dict[Any, int]]:
        """Each figure as {(codes of `by`…): value}; with no `by` the key is ()."""
        report = self.ask(REPORT, filter=filter, by=list(by))
        result: dict[str, dict[Any, int]] = {}
        for name in FIGURES:
            figure = report["figures"][name]
            if not by:
                result[name] = {(): figure["total"]}
                continue
            cells = {
                tuple({k["dimension"]: k["code"] for k in cell["keys"]}[d.lower()] for d in by): (
                    cell["value"]
                )
                for cell in figure["cells"]
                if cell["value"]
            }
            assert sum(cells.values()) == figure["total"], name
            result[name] = cells
        return result

    def feed(self, after: str | None = None) -> tuple[list[dict[str, Any]], str]:
        """Everything behind `after`, and the cursor behind it."""
        items: list[dict[str, Any]] = []
        while True:
            page = self.ask(FEED, after=after)
            items += [edge["node"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"] or after
            if not page["pageInfo"]["hasNextPage"]:
                return items, after or page["head"]
