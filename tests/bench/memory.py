"""The memory of the whole idle product, as the sum of its processes' PSS: ``make bench-memory``.

PSS counts a page that several processes share once, in equal parts.
"""

import tempfile
import time
from pathlib import Path

from mailer.proof.product import Product

MOST_MB = 500
IDLE_SECONDS = 15.0


def main() -> None:
    """Start Mailer on an empty directory, let it idle, print what each process takes."""
    with tempfile.TemporaryDirectory(prefix="mailer-memory-") as folder:
        product = Product(Path(folder))
        product.start()
        try:
            time.sleep(IDLE_SECONDS)
            taken = {pid: (name, pss_mb(pid)) for pid, name in product.processes().items()}
            taken[product.pid] = ("supervisor", pss_mb(product.pid))
        finally:
            product.stop()
    for name, megabytes in sorted(taken.values()):
        print(f"{name:<24} {megabytes:7.1f} MB")
    total = sum(megabytes for _, megabytes in taken.values())
    print(f"{'all':<24} {total:7.1f} MB, at most {MOST_MB}")
    raise SystemExit(total > MOST_MB)


def pss_mb(pid: int) -> float:
    """Return a process's proportional share of memory."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
