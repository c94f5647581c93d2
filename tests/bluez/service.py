"""The daemon and the page as services of the machine's systemd, as docs/security.md says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.bluez.home import Home
from tests.bluez.machine import Machine

UNIT: Final = "stretchband.service"
PAGE: Final = "stretchband-dashboard.service"
STATE: Final = "/var/lib/stretchband"
PASSWORD: Final = "not-a-secret"  # noqa: S105 - of a broker in a machine that nobody reaches
WORD: Final = "neither-is-this"  # of the page
# The lines of docs/security.md. Its libraries are there already, and nothing can be fetched.
INSTALL: Final = f"""
set -e
cd /share
install -D -m 0644 config/systemd/stretchband.sysusers /etc/sysusers.d/stretchband.conf
systemd-sysusers
python3 -m venv --without-pip /opt/stretchband
site=$(echo /opt/stretchband/lib/python3*/site-packages)
echo /opt/venv/lib/python3*/site-packages > "$site/libraries.pth"
/opt/venv/bin/pip --python /opt/stretchband/bin/python --quiet --disable-pip-version-check \
  install --no-deps --no-index stretchband-*.whl
install -d -m 0755 /etc/stretchband
printf %s {PASSWORD} | install -m 0600 /dev/stdin /etc/stretchband/mqtt-password
printf %s {WORD} | install -m 0600 /dev/stdin /etc/stretchband/page-password
cp config/systemd/{UNIT} config/systemd/{PAGE} /etc/systemd/system/
mosquitto_passwd -b -c /etc/mosquitto/passwords stretchband {PASSWORD}
echo password_file /etc/mosquitto/passwords > /etc/mosquitto/conf.d/passwords.conf
systemctl restart mosquitto
"""
CONFIG: Final = """
[store]
path = "{}"
[mqtt]
username = "stretchband"
password_file = "$CREDENTIALS_DIRECTORY/mqtt-password"
[dashboard]
password_file = "$CREDENTIALS_DIRECTORY/page-password"
[bluetooth]
silence_s = 4.0
[[bands]]
id = "{}"
address = "{}"
"""
# Hangs the event loop for ever, wherever it is, at a signal that the daemon does not use; Python
# runs it at its start.
HANGS: Final = """
import signal, time
def hang_here(*_):
    time.sleep(1e6)
signal.signal(signal.SIGUSR1, hang_here)
"""


@dataclass(frozen=True, slots=True)
class Service:
    """What can be asked of one."""

    machine: Machine
    unit: str = UNIT

    async def install(self) -> None:
        """Once in each machine."""
        await self.machine.sh(INSTALL)

    async def configure(self, home: Home) -> None:
        """For the band of this home."""
        config = CONFIG.format(f"{STATE}/{home.band}.db", home.band, home.address)
        (self.machine.share / "tracker.toml").write_text(config, "utf-8")
        await self.machine.sh("install -m 0644 /share/tracker.toml /etc/stretchband/")

    async def let_it_hang(self) -> None:
        """As a fault in it would; see HANGS."""
        (self.machine.share / "hangs.py").write_text(HANGS, "utf-8")
        (self.machine.share / "hangs.pth").write_text("import hangs\n", "utf-8")
        await self.machine.sh("cp /share/hangs.* /opt/stretchband/lib/python3*/site-packages/")

    async def control(self, *words: str) -> str:
        """`systemctl`, whatever its status."""
        return (await self.machine.run("systemctl", *words, self.unit)).said.strip()

    async def shows(self, name: str) -> str:
        """A property of the unit."""
        return await self.control("show", "--value", f"--property={name}")

    async def journal(self) -> str:
        """All that it ever said."""
        return await self.machine.sh(f"journalctl --unit={self.unit} --no-pager --output=cat")

    async def until(self, name: str, value: str) -> None:
        """Wait until a property is so."""
        show = f"systemctl show --value --property={name} {self.unit}"
        await self.machine.until(f'[ "$({show})" = "{value}" ]')
