"""The scheduler: asks for the jobs that come round, and does nothing itself.

Which campaign is due, or what must be swept, stands in rows; so two schedulers, or
none for a while, do no harm.
"""

import logging

from apscheduler.schedulers.background import BackgroundScheduler

from mailer.jobs import JOBS, Job, tick
from mailer.runtime.signals import Bell

log = logging.getLogger(__name__)


def run_scheduler() -> None:
    """Ask for each recurring job at its interval until told to stop."""
    bell = Bell()
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "misfire_grace_time": None}
    )
    recurring = [job for job in JOBS.values() if job.every_seconds]
    for job in recurring:
        scheduler.add_job(tick, "interval", args=[job], seconds=job.every_seconds)
    scheduler.start()
    log.info("Asking for %s.", ", ".join(_described(job) for job in recurring))
    while bell.wait(3600.0) is None:
        pass
    scheduler.shutdown()


def _described(job: Job) -> str:
    return f"{job.name} every {job.every_seconds:g} s"
