"""The whole description, asked with values that a machine makes up: no failure, nothing undescribed."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mailer.accounts.keys import create_key
from mailer.accounts.scopes import EVERYTHING
from mailer.db import db
from tests import factories

#: They ask servers elsewhere.
LEFT_OUT = {"verify_domain", "test_transport"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def ask_each_call(app, workspace) -> Callable[[int, Iterable[GenerationMode]], list[str]]:
    """Ask each call so often, with values that fit or that do not; return what went wrong."""
    factories.subscriber(workspace, on=factories.mailing_list(workspace))
    factories.campaign(workspace)
    _, secret = create_key(workspace.id, name="Fuzz", scopes=[EVERYTHING])
    db.session.commit()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)

    def ask_all(examples: int, modes: Iterable[GenerationMode]) -> list[str]:
        wrong = []
        for result in schema.get_all_operations():
            operation = result.ok()
            if operation.definition.raw["operationId"] in LEFT_OUT:
                continue
            for mode in modes:
                wrong += _ask(operation, mode, secret, examples)
        return wrong

    return ask_all


def _ask(operation: Any, mode: GenerationMode, secret: str, examples: int) -> list[str]:
    try:
        strategy = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=examples,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def ask(case: Any) -> None:
            case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=CHECKS)
            db.session.rollback()

        ask()
    except (Exception, BaseExceptionGroup) as error:
        return [
            f"{operation.label} ({mode.value}): {' '.join(map(str, getattr(error, 'exceptions', [error])))}"[
                :1500
            ]
        ]
    finally:
        db.session.rollback()
    return []


def test_what_fits_is_answered_as_described(ask_each_call):
    assert ask_each_call(1, [GenerationMode.POSITIVE]) == []


@pytest.mark.heavy
def test_nothing_fails_and_nothing_is_undescribed(ask_each_call):
    assert ask_each_call(60, GenerationMode) == []
