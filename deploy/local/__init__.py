"""Owns the local stack: embedded database and broker, four services and the gateway on one machine.

`python -m deploy.local COMMAND` for people, `deploy.local.stack.Stack` for tests and benchmarks.
"""
