"""Whose turn it is: workspaces share the workers by weight, and so do the campaigns of one workspace.

Start-time fair queueing (Goyal, Vin and Cheng, 1996), in two levels. Each batch costs
its size divided by a weight, in virtual time; whoever is least far along comes next.
What was idle begins where the others are, and so brings no credit along. All of it
stands in the rows, so any number of workers choose without a leader; two that choose at
the same moment may take the same run, which then waits a turn longer.
"""

from datetime import datetime
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Double,
    Select,
    Table,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from mailer.db import db
from mailer.delivery.models import Batch, Delivery, Run, Share
from mailer.driver import Change, Question

_DEFAULT_WEIGHT: Final = 100
#: More runs than this are not under way at once; a limit keeps databases from merging the
#: subquery, so that they look for due work in the order of turns and stop at the first.
_MOST_RUNS: Final = 100_000

# Tables instead of models: this runs for every batch, and the ORM's part of it is larger than the database's.
_RUNS: Final = cast(Table, Run.__table__)
_SHARES: Final = cast(Table, Share.__table__)
_BATCHES: Final = cast(Table, Batch.__table__)
_DELIVERIES: Final = cast(Table, Delivery.__table__)


class _Turn(NamedTuple):
    campaign_id: UUID
    workspace_id: UUID
    run_time: float
    #: Where the batch that was chosen last began, among all workspaces.
    floor: float


def next_run(now: datetime, *, size: int = 500) -> UUID | None:
    """Choose the campaign that the next batch belongs to, and charge it; None when nothing is due.

    Commit before the batch is claimed, so that no other worker waits for the charge.

    :param size: deliveries in a batch
    """
    turn = _choose(now)
    if turn is None:
        return None
    charged = _CHARGE_WORKSPACE.make(
        {
            "workspace_id": turn.workspace_id,
            "virtual_time": turn.floor + size / _DEFAULT_WEIGHT,
            "floor": turn.floor,
            "run_time": turn.run_time,
            "size": float(size),
        }
    )
    [(began,)] = charged.rows
    _CHARGE_RUN.make({"chosen_id": turn.campaign_id, "began": began, "size": float(size)})
    return turn.campaign_id


def set_weight(workspace_id: UUID, weight: int) -> None:
    """Give a workspace another part of the workers' time; 100 is everybody's.

    :param weight: 1 to 1,000
    """
    dialect: Any = postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite
    upsert = dialect.insert(Share).values(workspace_id=workspace_id, weight=weight)
    db.session.execute(upsert.on_conflict_do_update(index_elements=["workspace_id"], set_={"weight": weight}))


def weight_of(workspace_id: UUID) -> int:
    """Return a workspace's weight."""
    weight = db.session.scalar(select(Share.weight).where(Share.workspace_id == workspace_id))
    return weight or _DEFAULT_WEIGHT


def set_run_weight(campaign_id: UUID, weight: int) -> None:
    """Give a campaign another part of its workspace's share, from its next batch on."""
    db.session.execute(update(Run).where(Run.campaign_id == campaign_id).values(weight=weight))


def _under_way() -> Any:
    workspace_time = func.coalesce(_SHARES.c.virtual_time, 0.0)
    return (
        select(
            _RUNS.c.campaign_id,
            _RUNS.c.workspace_id,
            _RUNS.c.virtual_time.label("run_time"),
            workspace_time.label("workspace_time"),
        )
        .select_from(_RUNS)
        .outerjoin(_SHARES, _SHARES.c.workspace_id == _RUNS.c.workspace_id)
        .where(
            _RUNS.c.ended_at.is_(None),
            _RUNS.c.stopped_at.is_(None),
            or_(
                _RUNS.c.waits_until.is_(None),
                _RUNS.c.waits_until <= bindparam("now", type_=_RUNS.c.waits_until.type),
            ),
        )
        .order_by("workspace_time", _RUNS.c.workspace_id, "run_time", _RUNS.c.campaign_id)
        .limit(_MOST_RUNS)
        .subquery("under_way")
    )


def _choose(now: datetime) -> _Turn | None:
    found = _CHOOSE.ask([{"now": now}])
    return _Turn(*found[0]) if found else None


def _first_with_work() -> Select[Any]:
    run = _under_way()
    now = bindparam("now", type_=_DELIVERIES.c.next_try_at.type)
    is_batch_waiting = exists().where(
        _BATCHES.c.campaign_id == run.c.campaign_id, _BATCHES.c.worker.is_(None), _BATCHES.c.due_at <= now
    )
    is_retry_due = exists().where(
        _DELIVERIES.c.campaign_id == run.c.campaign_id, _DELIVERIES.c.next_try_at <= now
    )
    floor = select(func.coalesce(func.max(_SHARES.c.batch_began), 0.0)).scalar_subquery()
    return (
        select(run.c.campaign_id, run.c.workspace_id, run.c.run_time, floor)
        .where(is_batch_waiting | is_retry_due)
        .order_by(run.c.workspace_time, run.c.workspace_id, run.c.run_time, run.c.campaign_id)
        .limit(1)
    )


def _charge_workspace(dialect: Any) -> Any:
    """Charge a batch to its workspace, and return where it begins in the time of the workspace's runs."""
    upsert = dialect.insert(_SHARES).values(
        workspace_id=bindparam("workspace_id"),
        weight=_DEFAULT_WEIGHT,
        virtual_time=bindparam("virtual_time"),
        batch_began=bindparam("floor"),
        runs_time=bindparam("run_time"),
    )
    began = _later(_SHARES.c.virtual_time, bindparam("floor"))
    return upsert.on_conflict_do_update(
        index_elements=["workspace_id"],
        set_={
            "virtual_time": began + bindparam("size", type_=Double()) / _SHARES.c.weight,
            "batch_began": began,
            "runs_time": _later(_SHARES.c.runs_time, bindparam("run_time")),
        },
    ).returning(_SHARES.c.runs_time)


def _charge_run() -> Any:
    began = _later(_RUNS.c.virtual_time, bindparam("began"))
    return (
        update(_RUNS)
        .where(_RUNS.c.campaign_id == bindparam("chosen_id"))
        .values(virtual_time=began + bindparam("size", type_=Double()) / _RUNS.c.weight)
    )


def _later(column: Any, value: Any) -> ColumnElement[Any]:
    return case((column < value, value), else_=column)


_CHOOSE: Final = Question(_first_with_work())
_CHARGE_RUN: Final = Change(_charge_run())
_CHARGE_WORKSPACE: Final = Change(_charge_workspace)
