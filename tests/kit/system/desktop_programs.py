"""Programs that reach for a desktop: they look for windows, keys, and what others have there."""

import random
from pathlib import Path

ROOT = Path(__file__).parents[3]
SOLUTION = ROOT / "solutions" / "05_gui" / "client.py"


ALTERNATIVE = ROOT / "tests" / "alternatives" / "05_gui" / "polled_socket" / "client.py"


SOMEBODY = random.randrange(50_000, 60_000)  # a user that has no name and owns nothing
SECRET = "the-marks-of-all-students"
STEP = "enter-sends"


# A little of the X protocol, version 11: what a program can say that has no library for it.
X = """
import socket, struct
class X:
    def __init__(self, address, cookie=b""):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(address)
        name = b"MIT-MAGIC-COOKIE-1" if cookie else b""
        hello = struct.pack("<HHHHHH", 0x6C, 11, 0, len(name), len(cookie), 0)
        self.socket.sendall(hello + name + b"\\0" * (-len(name) % 4) + cookie)
        let_in, _, _, _, length = struct.unpack("<BBHHH", self.take(8))
        setup = self.take(4 * length)
        if let_in != 1:
            raise PermissionError(setup)
        vendor, _, _, formats = struct.unpack_from("<HHBB", setup, 16)
        (self.root,) = struct.unpack_from("<I", setup, 32 + (vendor + 3) // 4 * 4 + 8 * formats)
    def take(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("it has hung up")
            data += more
        return data
    def ask(self, opcode, rest, extra=b"", data=0):
        body = rest + extra + b"\\0" * (-len(extra) % 4)
        self.socket.sendall(struct.pack("<BBH", opcode, data, 1 + len(body) // 4) + body)
    def answer(self):
        head = self.take(32)
        return head + self.take(4 * struct.unpack_from("<I", head, 4)[0])
    def atom(self, name):
        self.ask(16, struct.pack("<HH", len(name), 0), name)
        return struct.unpack_from("<I", self.answer(), 8)[0]
    def put(self, name, value):
        rest = struct.pack("<IIIB3xI", self.root, self.atom(name), 31, 8, len(value))
        self.ask(18, rest, value)
        return self.get(name)
    def get(self, name):
        self.ask(20, struct.pack("<IIIII", self.root, self.atom(name), 0, 0, 64))
        answer = self.answer()
        return answer[32 : 32 + struct.unpack_from("<I", answer, 16)[0]]
    def has(self, extension):
        self.ask(98, struct.pack("<HH", len(extension), 0), extension)
        return bool(self.answer()[8])
"""


# What every program below begins with: it knows its own display, and looks for others.
HEAD = (
    X
    + """
import ctypes, os, signal, sys, threading, time
FOLDER = "/tmp/.X11-unix"
OWN = os.path.join(FOLDER, "X" + os.environ["DISPLAY"][1:].split(".")[0])
COOKIE = open(os.environ["XAUTHORITY"], "rb").read()[-16:]
libc = ctypes.CDLL(None, use_errno=True)
def caught(what):
    print(what, file=sys.stderr, flush=True)
    os._exit(3)
def in_sight():
    numbers = range(0, 40)
    yield from (os.path.join(FOLDER, name) for name in os.listdir(FOLDER))
    yield from (f"{FOLDER}/X{number}" for number in (*numbers, $desktop))
    yield from (f"\\0{FOLDER}/X{number}" for number in (*numbers, $desktop))
def syscall(number, *arguments):
    words = [one if isinstance(one, bytes) else ctypes.c_long(one) for one in arguments]
    return libc.syscall(ctypes.c_long(number), *words)
"""
)
HOSTILE = {
    "reads_the_desktop": """
        for address in in_sight():
            for cookie in (b"", COOKIE):
                try:
                    if X(address, cookie).get(b"SECRET"):
                        caught(f"it has read {address}")
                except OSError:
                    continue
        others = {os.path.join(FOLDER, name) for name in os.listdir(FOLDER)} - {OWN}
        if others:
            caught(f"it sees {others}")
        """,
    "knocks_at_tcp": """
        for number in (0, $desktop):
            try:
                socket.create_connection(("127.0.0.1", 6000 + number), timeout=5)
                caught("an X server listens on the network")
            except OSError:
                pass
        """,
    "gets_in_without_the_cookie": """
        try:
            X(OWN)
            caught("its display lets in anybody")
        except PermissionError:
            pass
        """,
    "takes_away_the_socket": """
        for name in (OWN, FOLDER):
            for take in (os.unlink, os.rmdir, lambda name: os.rename(name, name + ".gone")):
                try:
                    take(name)
                    caught(f"it has taken away {name}")
                except OSError:
                    pass
        """,
    "uses_extensions_of_the_server": """
        for name in (b"MIT-SHM", b"XTEST", b"RECORD", b"GLX"):
            if X(OWN, COOKIE).has(name):
                caught(f"{name} is there")
        """,
    "reads_and_leaves_keys": """
        for ring in (-3, -4, -5):  # of the session, of the user, of the user's sessions
            if syscall(250, 10, ring, b"user", b"chatkit-secret", 0) != -1:
                caught("it has found a key of the grader")
            if syscall(250, 10, ring, b"user", b"left-by-a-student", 0) != -1:
                caught("it has found a key of another student")
            if syscall(248, b"user", b"left-by-a-student", b"word", 4, ring) != -1:
                caught("it has left a key")
        try:
            if "chatkit-secret" in open("/proc/keys").read():
                caught("it sees a key of the grader")
        except OSError:
            pass
        """,
    "makes_users_of_its_own": """
        if libc.unshare(0x10000000) == 0:  # CLONE_NEWUSER
            caught("unshare")
        pid = syscall(56, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)  # clone
        if pid != -1:
            caught("clone")
        arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, signal.SIGCHLD)
        if syscall(435, bytes(arguments), 88) != -1:  # clone3
            caught("clone3")
        """,
    "finds_the_abstract_socket_of_the_desktop": """
        try:
            with socket.socket(socket.AF_UNIX) as bus:
                bus.connect("\\0chatkit-bus-$desktop")
            caught("it has reached the bus")
        except OSError:
            pass
        """,
    "speaks_to_the_hypervisor": """
        for family in (16, 17, 38, 40):  # AF_NETLINK, AF_PACKET, AF_ALG, AF_VSOCK
            try:
                socket.socket(family, socket.SOCK_RAW if family < 20 else socket.SOCK_STREAM)
                caught(f"socket family {family}")
            except OSError:
                pass
        """,
}


# It takes every connection of every display in sight, and may well lose its own window for it.
HOARDER = """
hoard = []
for address in {*in_sight()}:
    try:
        for _ in range(290):
            hoard.append(X(address, COOKIE))
    except OSError:
        pass
"""


# Runs as whoever grades: two workers at once, one for each list of programs.
GRADER = """
import ctypes, json, os, sys, threading, time
from pathlib import Path
from chatkit.grading.options import RunOptions
from chatkit.grading.worker import Job, Worker
from chatkit.system import linux as kernel

kernel.adopt_orphans()  # so that nothing that is left gets lost
root, check, by, *lists = sys.argv[1:]
ctypes.CDLL(None).syscall(250, 1, None)  # a session of this grader, with a key in it
key = ctypes.CDLL(None).syscall(248, b"user", b"chatkit-secret", b"word", 4, -3)
assert key != -1, "the grader has no keyring here"
lock = threading.Lock()

def work(folders):
    with Worker("namespaces", warm=by == "zygote") as worker:
        for folder in folders:
            options = RunOptions(only=(check,), seed="seed")
            job = Job(Path(root), "05_gui", Path(folder), options)
            done = worker.grade(job)
            one = done.checks[0]
            told = [done.isolation, Path(folder).parent.name, one.status, one.message + one.output]
            with lock:
                print(json.dumps(told), flush=True)

workers = [threading.Thread(target=work, args=(json.loads(one),)) for one in lists]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
deadline = time.monotonic() + 20  # what is left is a child of ours now, or will be
while kernel.children(os.getpid()):
    assert time.monotonic() < deadline, [
        open(f"/proc/{pid}/cmdline").read() for pid in kernel.children(os.getpid())
    ]
    os.waitpid(-1, os.WNOHANG)
    threading.Event().wait(0.01)
"""
