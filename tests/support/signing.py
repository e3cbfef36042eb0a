"""Keys that sign, and judges who check: dkimpy, and Debian's OpenDKIM where it is installed."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import dkim
import pytest

from mailer.delivery.engine.dkim import Signer
from mailer.delivery.engine.dkim_keys import Algorithm, make_key, record_name, record_value

OPENDKIM = shutil.which("opendkim") or "/usr/sbin/opendkim"


@dataclass(frozen=True)
class KeyPair:
    """A signer, and the record that publishes its key."""

    signer: Signer
    name: str
    value: str


def key_pair(algorithm: Algorithm, *, domain: str = "bakery.example", selector: str = "") -> KeyPair:
    """A new key of a domain."""
    selector = selector or f"m-{algorithm.value}"
    private, public = make_key(algorithm)
    signer = Signer(domain=domain, selector=selector, private_key_pem=private.encode())
    return KeyPair(signer, record_name(selector, domain), record_value(algorithm, public))


def verified(message: bytes, *pairs: KeyPair) -> list[bool]:
    """Return dkimpy's verdict on each signature of a message."""
    zone = {f"{pair.name}.".encode(): pair.value.encode() for pair in pairs}
    reader = dkim.DKIM(message)
    count = sum(name.lower() == b"dkim-signature" for name, _ in reader.headers)
    return [
        reader.verify(idx=number, dnsfunc=lambda name, timeout=5: zone.get(name)) for number in range(count)
    ]


def opendkim_says(message: bytes, folder: Path, *pairs: KeyPair) -> str:
    """Return what OpenDKIM's filter says of a message; skips the test where it is not installed."""
    if not Path(OPENDKIM).exists():
        pytest.skip("OpenDKIM is not installed (Debian: apt-get install opendkim).")
    (folder / "zone").write_text("".join(f"{pair.name} {pair.value}\n" for pair in pairs))
    (folder / "conf").write_text(f"TestDNSData file:{folder / 'zone'}\nSyslog no\nMode v\n")
    (folder / "message").write_bytes(message)
    done = subprocess.run(
        [OPENDKIM, "-x", folder / "conf", "-t", folder / "message"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    verdicts = [line for line in (done.stdout + done.stderr).splitlines() if "verification" in line]
    return "\n".join(verdicts)
