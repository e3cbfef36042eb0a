"""One-off sends to lists: draft, schedule, launch, pause, test, report.

A campaign is content until it is launched; then it is frozen into a message and
``delivery`` sends it as a run. What becomes of the run comes back by signal
(``follow_run``).
"""
