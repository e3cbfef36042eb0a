"""One-off sends to lists: draft, schedule, launch, pause, test, report."""
