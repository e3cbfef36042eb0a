# Everything is done by mailer/bootstrap.py, with the standard library alone.
PYTHON ?= python3
BOOTSTRAP = @$(PYTHON) mailer/bootstrap.py

.PHONY: help run test lint format build corpora chaos mutations contract flood pictures bench-send bench-memory bench-pages

help:
	@echo "make run      run Mailer on this machine; prints the link to open"
	@echo "make test     check everything: style, types, and the tests on SQLite and PostgreSQL"
	@echo "make lint     check style, types and templates"
	@echo "make format   format the code"
	@echo "make build    install what is needed and build the front end, nothing more"
	@echo "make corpora  how labelled bounces are read (../shared/corpora, or MAILER_CORPORA)"
	@echo "make chaos    kill every part at random, 30 times, while 10,000 people are mailed"
	@echo "make mutations  break the sender on purpose, and see that a storm finds it"
	@echo "make contract the API keeps to its description, and clients are made of it"
	@echo "make flood    10,000 sign-ups for one victim, from 500 networks, on 50 lists: three mails at most"
	@echo "make pictures walk through the product in Chromium and keep pictures of every page in ../pictures"
	@echo "make bench-send     campaigns against Postfix's smtp-source, message by message"
	@echo "make bench-memory   the memory of the idle product, process by process"
	@echo "make bench-pages    how fast every page answers with 100,000 subscribers"

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

corpora:
	$(BOOTSTRAP) python -m tests.corpora

chaos:
	$(BOOTSTRAP) python -m mailer.cli chaos --recipients 10000 --kills 30

mutations:
	$(BOOTSTRAP) python -m pytest -q -m heavy tests/chaos

contract:
	$(BOOTSTRAP) python -m pytest -q -m heavy tests/api

flood:
	$(BOOTSTRAP) python -m pytest -q -m heavy tests/signup

pictures:
	$(BOOTSTRAP) python -m pytest -q tests/journeys --pictures ../pictures

bench-send:
	$(BOOTSTRAP) python -m mailer.cli bench send

bench-memory:
	$(BOOTSTRAP) python -m tests.bench.memory

bench-pages:
	$(BOOTSTRAP) python -m tests.bench.pages
