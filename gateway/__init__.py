"""The one door: GraphQL over HTTP for chapters, partners and operators.

Owns API keys (database `gateway`) and nothing of the programme: it knows who calls, what they may
ask for, and turns each request into at most one call per service and level. It imports no service.
"""
