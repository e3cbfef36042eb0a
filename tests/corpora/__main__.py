"""Print what is made of the corpora: ``make corpora``."""

import sys

from tests.corpora import FOLDER
from tests.corpora.bounces import score

if not FOLDER.exists():
    sys.exit(f"There is no {FOLDER}; MAILER_CORPORA names another folder.")

bounces = score()
print("\n".join(bounces.lines()))
if "--mistakes" in sys.argv:
    print("\n".join(bounces.mistakes))
