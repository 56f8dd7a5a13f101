# One virtual environment and one folder of data (.local) per clone; see `make help`.
PYTHON ?= python3
RUN := .venv/bin/python -m
COMPILE := .venv/bin/uv pip compile --quiet --generate-hashes --no-header

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev up demo down reset logs status check test faults brokers bench lock

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Make the virtual environment and install what the machine lacks
	@$(PYTHON) -m deploy.local.bootstrap local

setup-dev:
	@$(PYTHON) -m deploy.local.bootstrap dev

up: setup  ## Start the hub on this machine: database, broker, services, gateway
	@$(RUN) deploy.local up

demo: setup  ## The same, then push the Sikasso programme and show its figures
	@$(RUN) deploy.local demo

down:  ## Stop the hub; the data stays
	@$(RUN) deploy.local down

reset:  ## Stop the hub and delete its data, after asking
	@$(RUN) deploy.local reset

logs:  ## Follow the logs (NAME=gateway for one of them)
	@$(RUN) deploy.local logs $(NAME)

status:  ## Show each process and whether it is ready
	@$(RUN) deploy.local status

check: setup-dev  ## Format, lint, types, import rules, generated files, old clients, manifests
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(RUN) gateway.schema.generate --check
	$(RUN) gateway.schema.compatibility
	$(RUN) shared.contracts.generate --check
	$(RUN) deploy.validate

test: check  ## Set up, check and run all test suites
	$(RUN) pytest --numprocesses 2 --dist loadfile --ignore tests/faults
	$(RUN) pytest tests/faults

faults: setup-dev  ## Kill, stop, cut and flood a hub of its own, and see that nothing is lost
	$(RUN) pytest tests/faults -m "faults_long or not faults_long"
	$(RUN) tests.faults.random_faults --minutes 10 --rows 100000

brokers: setup-dev  ## Try the bus on the brokers of newer Debian suites (as root)
	$(RUN) tests.brokers trixie sid

bench: setup-dev  ## Measure the throughput and latency on this machine
	$(RUN) bench

lock: setup-dev  ## Lock the dependencies again, with hashes
	$(COMPILE) requirements.in -o requirements.lock
	$(COMPILE) requirements-local.in -o requirements-local.lock
	$(COMPILE) requirements-dev.in -o requirements-dev.lock
