"""The GraphQL documents that the demo sends; they serve as examples as well."""

RESULT = """
  created updated unchanged rejected
  receipts(status: [REJECTED]) { row id problems { code field message } }
"""


def push(mutation: str, payload: str = "result") -> str:
    """A mutation that answers with counts and the rejected rows only."""
    input_type = f"{mutation[0].upper()}{mutation[1:]}Input!"
    selection = f"{mutation}(input: $input) {{ {payload} {{ {RESULT} }} }}"
    return f"mutation($input: {input_type}) {{ {selection} }}"


CREATE_KEY = """
mutation($role: String!, $chapter: String, $label: String!) {
  createApiKey(input: {role: $role, chapter: $chapter, label: $label}) { key }
}"""

CREATE_WEBHOOK = """
mutation($url: String!) {
  createWebhook(input: {url: $url, description: "GPPAC demo", from: "beginning"}) {
    webhook { id } secret
  }
}"""

UPDATE_WEBHOOK = """
mutation($id: String!, $url: String!, $paused: Boolean!) {
  updateWebhook(input: {id: $id, url: $url, paused: $paused}) { webhook { id state } }
}"""

FEED = """
query($after: String) {
  feed(first: 200, after: $after) {
    edges { node { id type chapter } }
    pageInfo { hasNextPage endCursor }
  }
}"""

REPORT = """
query($filter: ReportFilterInput, $by: [String!]) {
  report(filter: $filter, by: $by) {
    asOf { eventId eventsApplied recordedAt }
    activitiesCounted
    figures {
      announced { ...figure } personSessions { ...figure }
      uniquePerActivity { ...figure } uniquePeople { ...figure }
    }
  }
}
fragment figure on Figure { total cells { keys { dimension code label } value } }
"""

GAPS = """
query($filter: ReportFilterInput) {
  coverage(filter: $filter, of: "ecpf") { rows { code label activities uniquePeople } }
}"""
