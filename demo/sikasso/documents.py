"""The GraphQL documents that the demo sends; they serve as examples as well."""

RESULT = """{
  created updated unchanged rejected
  receipts(status: [REJECTED]) { row id problems { code field message } }
}"""


def push(mutation: str, item: str) -> str:
    """The mutation that sends a list of one kind; it answers with counts and rejected rows only."""
    return f"""mutation($items: [{item}!]!, $pushId: ID!) {{
  result: {mutation}(items: $items, pushId: $pushId) {RESULT}
}}"""


PUSH_ORGANISATIONS = push("pushOrganisations", "OrganisationInput")
PUSH_PROJECTS = push("pushProjects", "ProjectInput")
NOMINATE = push("nominateParticipants", "NominationInput")
PUSH_CONCERNS = push("pushConcerns", "ConcernInput")

PUSH_PROGRAMME = f"""mutation($input: PushActivitiesInput!) {{
  pushActivities(input: $input) {{
    participants {RESULT}
    activities {RESULT}
    attendance {RESULT}
  }}
}}"""

CREATE_KEY = """mutation($role: Role!, $chapter: String, $label: String!) {
  createApiKey(role: $role, chapter: $chapter, label: $label) { key }
}"""

CREATE_WEBHOOK = """mutation($id: ID!, $url: String!) {
  createWebhook(id: $id, url: $url, description: "A partner's receiver") { webhook { id } secret }
}"""

UPDATE_WEBHOOK = """mutation($id: ID!, $url: String!, $paused: Boolean!) {
  updateWebhook(id: $id, url: $url, paused: $paused) { id state }
}"""

WEBHOOKS = """{ webhooks(first: 200) { nodes { id cursor } } }"""

FEED = """query($after: String) {
  feed(first: 200, after: $after) {
    edges { node { id type } }
    pageInfo { hasNextPage endCursor }
  }
}"""

REPORT = """query($filter: ReportFilter, $by: [Dimension!]) {
  report(filter: $filter, by: $by) {
    asOf { eventId eventsApplied }
    activitiesCounted
    figures {
      announced { ...figure } personSessions { ...figure }
      uniquePerActivity { ...figure } uniquePeople { ...figure }
    }
  }
  coverage(filter: $filter, of: ECPF) { label activities uniquePeople }
}
fragment figure on Figure { total cells { keys { dimension code label } value } }
"""
