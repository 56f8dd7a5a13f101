"""Owns the gateway's metrics. Labels are names of ours, never anybody's data."""

from __future__ import annotations

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

REGISTRY: Final = CollectorRegistry()
for _collector in (ProcessCollector, PlatformCollector, GCCollector):
    _collector(registry=REGISTRY)

_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)

REQUESTS = Counter("foscao_http_requests", "HTTP requests", ["route", "status"], registry=REGISTRY)
REQUEST_S = Histogram(
    "foscao_graphql_seconds",
    "From the first byte of a GraphQL request to its answer",
    buckets=_SECONDS,
    registry=REGISTRY,
)
ERRORS = Counter("foscao_graphql_errors", "GraphQL errors by code", ["code"], registry=REGISTRY)
RPC_S = Histogram(
    "foscao_rpc_call_seconds",
    "From sending a call to its answer",
    ["service", "method"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
RPC = Counter("foscao_rpc_calls", "RPC calls", ["service", "method", "outcome"], registry=REGISTRY)
COALESCED = Histogram(
    "foscao_coalesced_pushes",
    "Pushes that went in one call",
    ["method"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 500),
    registry=REGISTRY,
)


def rpc(service: str, method: str, outcome: str, seconds: float) -> None:
    """Count a call; `outcome` is `ok` or the error's code."""
    RPC_S.labels(service, method).observe(seconds)
    RPC.labels(service, method, outcome).inc()


def coalesced(method: str, pushes: int) -> None:
    """Count a call that carried so many pushes."""
    COALESCED.labels(method).observe(pushes)


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
