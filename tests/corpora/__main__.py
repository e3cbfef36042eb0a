"""Print what is made of the corpora: ``make corpora``."""

import sys

from tests.corpora import FOLDER, agents, bounces

if not FOLDER.exists():
    sys.exit(f"There is no {FOLDER}; MAILER_CORPORA names another folder.")

read = bounces.score()
told = agents.score()
print("\n".join([*read.lines(), *told.lines()]))
if "--mistakes" in sys.argv:
    print("\n".join([*read.mistakes, *told.missed, *told.false]))
