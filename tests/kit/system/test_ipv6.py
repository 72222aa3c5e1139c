"""`play`, `tap` and `raw` by IPv6, at an address of one network only: it has a zone (ipv6(7))."""

from strange_machines import needs_unshare, on_a_machine

# SIOCSIFADDR with a struct in6_ifreq, see ipv6(7) and netdevice(7).
ADDRESS = """
up()
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as end:
    for host in ("fe80::77", "fd00::77"):
        data = socket.inet_pton(socket.AF_INET6, host)
        fcntl.ioctl(end, 0x8916, struct.pack("16sIi", data, 64, socket.if_nametoindex("lo")))

import re, subprocess, time
def begin(*words):
    return subprocess.Popen([sys.executable, "-m", "chatkit", *words], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
def reads(process, pattern):
    text = ""
    for line in process.stdout:
        text += line
        if found := re.search(pattern, line):
            return found[1], text
    raise AssertionError(f"no {pattern} in:\\n{text}")
def joins(host, port):
    raw = begin("raw", host, port)
    raw.stdin.write("zoe\\n"); raw.stdin.flush()
    reads(raw, "(Connected to the server)")
    return raw.communicate(timeout=30)
"""


@needs_unshare
def test_a_room_and_a_tap_are_reached_at_an_address_with_a_zone() -> None:
    driver = """
room = begin("play", "--host", "fe80::77%lo", "--port", "0")
port, told = reads(room, r"port +(\\d+)")
assert "address   fe80::77%lo" in told and "Server running" not in told, told
_, told = reads(room, "(Nothing is encrypted)")
assert "each machine gives it a name of its own" in " ".join(told.split()), told
assert f"nc fe80::77%lo {port}" in told, told
tap = begin("tap", "--listen", "[fe80::77%lo]:0", "--to", f"[fe80::77%lo]:{port}")
tapped, told = reads(tap, r"connect to \\[fe80::77%lo\\]:(\\d+)\\.")
assert f"The server is at [fe80::77%lo]:{port}." in told, told
joins("fe80::77%lo", tapped)
reads(tap, "(end of stream)")
reads(room, "(zoe has come)"); reads(room, "(zoe has gone)")
for process in (tap, room):
    process.send_signal(2)
    print(process.communicate(timeout=30)[0])
    assert process.returncode == 0
sys.exit(77)
"""
    done = on_a_machine(ADDRESS + driver)
    assert done.returncode == 77, done.stdout + done.stderr
    assert "The server has ended, and with it every connection." in done.stdout


@needs_unshare
def test_all_addresses_are_those_of_both_kinds() -> None:
    driver = """
room = begin("play", "--host", "::", "--port", "0")
port, told = reads(room, r"port +(\\d+)")
assert told.index("fd00::77  (lo)") < told.index("fe80::77%lo  (lo)"), told
reads(room, "(Nothing is encrypted)")
for host in ("127.0.0.1", "fd00::77", "fe80::77%lo"):
    joins(host, port)
    reads(room, "(zoe has gone)")
room.send_signal(2)
room.communicate(timeout=30)
sys.exit(77)
"""
    done = on_a_machine(ADDRESS + driver)
    assert done.returncode == 77, done.stdout + done.stderr
