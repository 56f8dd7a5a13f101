"""RPC into a service: results, typed errors, faults without details, and nothing quoted in logs."""

import os
import signal

import pytest

from shared.errors import Internal, Refused, TimedOut, Unavailable
from tests.integration.shared.bus_world import BUS, QUICK, Rpc, Service
from tests.stack import RpcClient, ServiceProcess, wait_for


def test_a_large_reply_comes_back_whole(bus: ServiceProcess, rpc: Rpc) -> None:
    payload = {"rows": ["é" * 100] * 3_000}
    assert rpc("bus.echo", payload) == payload


def test_a_refusal_reaches_the_caller_as_it_was_raised(bus: ServiceProcess, rpc: Rpc) -> None:
    with pytest.raises(Refused) as caught:
        rpc("bus.refuse", {"limit": 500})
    assert (caught.value.code, caught.value.params) == ("TOO_MANY_ITEMS", {"limit": 500})


def test_a_fault_is_answered_without_details_and_logged_without_values(
    bus: ServiceProcess, rpc: Rpc
) -> None:
    with pytest.raises(Internal) as caught:
        rpc("bus.fail", {"name": "Awa Traoré"})
    assert (caught.value.code, caught.value.params) == ("INTERNAL", {})
    log = bus.last_words(100_000)
    assert "ValueError" in log
    assert "bus_service.py" in log
    assert "Traor" not in log


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"args": []}'])
def test_a_call_that_cannot_be_understood_is_answered(
    bus: ServiceProcess, amqp_uri: str, body: bytes
) -> None:
    client = RpcClient(amqp_uri)
    client.send_raw("bus.echo", body, "call")
    with pytest.raises(Internal):
        client.finish("call")
    client.close()


def test_an_unknown_method_is_a_fault_and_the_service_goes_on(
    bus: ServiceProcess, rpc: Rpc
) -> None:
    with pytest.raises(Internal):
        rpc("bus.no_such_method", {})
    assert rpc("bus.echo", 1) == 1


def test_a_service_that_never_ran_is_unavailable_at_once(rpc: Rpc) -> None:
    with pytest.raises(Unavailable):
        rpc("nobody.echo", 1)


def test_a_call_that_hangs_is_broken_off(service: Service, rpc: Rpc) -> None:
    service("bus", module=BUS, HANDLER_TIMEOUT_S="0.2")
    with pytest.raises(TimedOut) as caught:
        rpc("bus.sleep", {"s": 60})
    assert caught.value.code == "HANDLER_TIMEOUT"


def test_slow_calls_do_not_hold_up_others(bus: ServiceProcess, amqp_uri: str) -> None:
    client = RpcClient(amqp_uri)
    slow = client.send("bus.sleep", {"s": 2})
    assert client.call("bus.echo", 1, timeout_s=1.5) == 1
    assert client.finish(slow) == "slept"
    client.close()


def test_sigterm_lets_a_running_call_answer_and_leaves_the_others_to_the_next(
    bus: ServiceProcess, service: Service, amqp_uri: str
) -> None:
    client = RpcClient(amqp_uri)
    running = client.send("bus.sleep", {"s": 1.5})
    assert client.call("bus.echo", 1) == 1
    bus.terminate()
    assert client.finish(running) == "slept"
    assert bus.wait() == 0
    waiting = client.send("bus.echo", 2)
    service("bus", module=BUS, **QUICK)
    assert client.finish(waiting) == 2
    client.close()


def test_a_service_lists_what_it_misses_in_one_line(service: Service) -> None:
    process = service("bus", module=BUS, start=False, MONGO_URI="")
    process.start(wait=False)
    assert process.wait() == 2
    last_line = process.last_words().splitlines()[-1]
    assert last_line == "bus: MONGO_URI is missing: set it in the environment"


def test_health_and_metrics_are_served(bus: ServiceProcess, rpc: Rpc) -> None:
    assert bus.get("/healthz")[0] == 200
    rpc("bus.echo", 1)
    sample = 'foscao_rpc_seconds_count{method="echo",outcome="ok"}'
    assert wait_for(lambda: bus.metric(sample)) == 1.0
    assert bus.metric("foscao_outbox_unpublished") == 0.0


def test_sigint_ends_it_too(bus: ServiceProcess) -> None:
    os.kill(bus.pid, signal.SIGINT)
    assert bus.wait() == 0
