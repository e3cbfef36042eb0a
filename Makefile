# Everything is done by mailer/bootstrap.py, with the standard library alone.
PYTHON ?= python3
BOOTSTRAP = @$(PYTHON) mailer/bootstrap.py

.PHONY: help run test lint format build

help:
	@echo "make run      run Mailer on this machine; prints the link to open"
	@echo "make test     check everything: style, types, and the tests on SQLite and PostgreSQL"
	@echo "make lint     check style, types and templates"
	@echo "make format   format the code"
	@echo "make build    install what is needed and build the front end, nothing more"

run:
	$(BOOTSTRAP) run

test:
	$(BOOTSTRAP) test

lint:
	$(BOOTSTRAP) lint

format:
	$(BOOTSTRAP) format

build:
	$(BOOTSTRAP) build
