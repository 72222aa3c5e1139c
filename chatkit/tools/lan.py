"""The local network: this machine's addresses in it, and what keeps others from reaching them.

Everything is read from the system; nothing is sent.
"""

import contextlib
import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

from chatkit.system import commands

PRIVATE = tuple(  # RFC 1918
    map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
)

# Interfaces that lead to virtual machines, containers or a VPN, seldom to the next desk.
VIRTUAL = ("docker", "br-", "virbr", "veth", "vmnet", "vbox", "vethernet", "tun", "utun", "wg")

VERSION = Path("/proc/version")
UFW = Path("/etc/ufw/ufw.conf")


@dataclass(frozen=True)
class LanAddress:
    """One way in."""

    host: str  # "192.168.1.20", "fd00::2", "fe80::1%wlan0"
    interface: str  # "wlan0"


def addresses(ipv6: bool = False) -> list[LanAddress]:
    """The addresses at which others may reach this machine, the likeliest first.

    Those of IPv4, and with `ipv6` those of IPv6 behind them.
    """
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    families = (socket.AF_INET, socket.AF_INET6) if ipv6 else (socket.AF_INET,)
    found = [
        LanAddress(one.address, name)
        for name, all in psutil.net_if_addrs().items()
        for one in all
        if one.family in families and name in up
    ]
    return sorted((one for one in found if not ip(one.host).is_loopback), key=_unlikely)


def ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address as Python knows it, with its zone. Raises ValueError if it is none."""
    return ipaddress.ip_address(host)


def _unlikely(address: LanAddress) -> tuple[bool, bool, bool, bool]:
    here = ip(address.host)
    virtual = address.interface.lower().startswith(VIRTUAL)
    public = here.version == 4 and not any(here in network for network in PRIVATE)
    return here.version == 6, virtual, here.is_link_local, public


def wsl() -> int:
    """1 or 2 inside that version of the Windows Subsystem for Linux, else 0."""
    try:
        version = VERSION.read_text(encoding="utf-8", errors="replace").lower()
    except OSError:
        return 0
    if "microsoft" not in version:
        return 0
    return 2 if "wsl2" in version or "microsoft-standard" in version else 1


def about_wsl(version: int) -> tuple[str, str]:
    """What WSL means for others who want to connect, and what to do instead.

    Source: learn.microsoft.com/windows/wsl/networking.
    """
    if version == 1:
        return "This is WSL 1: it shares the network of Windows", ""
    told = "This is WSL 2: other computers see Windows, not the Linux in it (NAT)"
    return told, "run chatkit play in Windows PowerShell, not in WSL"


def firewall(port: int) -> tuple[str, str]:
    """What this system's firewall does about `port`, and what to do; that is "" where it is open.

    Sources: ufw(8), firewall-cmd(1).
    """
    if asks := commands.firewall_asks():
        return asks
    with contextlib.suppress(OSError):
        if "ENABLED=yes" in UFW.read_text(encoding="utf-8"):
            opens, closes = f"sudo ufw allow {port}/tcp", f"sudo ufw delete allow {port}/tcp"
            return "ufw is on and keeps others out", f"{opens}, and after the lesson: {closes}"
    try:
        names = {process.info["name"] for process in psutil.process_iter(["name"])}
    except (psutil.Error, OSError, IndexError):  # there is no /proc
        return "the system does not tell whether firewalld is on", ""
    if "firewalld" in names:
        opens = f"sudo firewall-cmd --add-port={port}/tcp --timeout=3h"
        return "firewalld is on and may keep others out", f"{opens}, which closes by itself"
    return "neither ufw nor firewalld is on", ""
