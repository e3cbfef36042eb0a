"""How long a deferred delivery waits before its next try."""

import random

# Jitter is no secret.
_random = random.Random()  # noqa: S311


def retry_delay(attempts: int, *, first: float = 1_800.0, longest: float = 21_600.0) -> float:
    """Return how long to wait before a deferred delivery is tried again.

    Doubles with each try and is then lengthened by up to half at random, so that
    one domain's messages do not return together. Starts at 30 minutes, the least
    interval that RFC 5321 section 4.5.4.1 recommends.

    :param attempts: tries made so far, 1 or more
    :param first: seconds; the least ever waited
    :param longest: seconds; the most waited before the random part
    :return: seconds
    :raises ValueError: ``attempts`` is below 1
    """
    if attempts < 1:
        raise ValueError(f"A delay follows a try, but {attempts} were made.")
    # Beyond some forty doublings the float would overflow; the longest delay is reached long before.
    delay = min(first * 2.0 ** min(attempts - 1, 40), max(first, longest))
    return delay * (1 + _random.random() / 2)
