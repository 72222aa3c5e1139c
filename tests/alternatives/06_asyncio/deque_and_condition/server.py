"""Chatraum mit Namen und Fäden; ein deque und eine Condition für jeden Teilnehmer."""

import argparse
import collections
import socket
import threading

runde = []  # wer einen Namen hat
schloss = threading.Lock()  # schützt nur die Liste, nie wird dabei gesendet


class Teilnehmer:
    def __init__(self, leitung):
        self.leitung = leitung
        self.name = None
        self.post = collections.deque()
        self.neues = threading.Condition()
        self.schluss = False

    def einwerfen(self, text):
        with self.neues:
            self.post.append(text.encode() + b"\n")
            self.neues.notify()

    def aufhoeren(self):
        with self.neues:
            self.schluss = True
            self.neues.notify()

    def austragen(self):
        """Läuft im eigenen Faden: alles, was gerade wartet, geht in einem Stück hinaus."""
        while True:
            with self.neues:
                self.neues.wait_for(lambda: self.post or self.schluss)
                paket = b"".join(self.post)
                self.post.clear()
            if not paket:
                return
            try:
                self.leitung.sendall(paket)
            except OSError:
                return

    def zeilen(self):
        rest = b""
        while True:
            try:
                stueck = self.leitung.recv(16384)
            except OSError:  # abgerissen ist auch gegangen
                return
            if not stueck:
                return
            rest += stueck
            while b"\n" in rest:
                zeile, rest = rest.split(b"\n", 1)
                yield zeile.decode("utf-8", errors="replace").removesuffix("\r")


def den_anderen(text, ich):
    """Nur mit dem Schloss in der Hand aufrufen."""
    for jemand in runde:
        if jemand is not ich:
            jemand.einwerfen(text)


def name_ist_gut(name):
    if not 1 <= len(name) <= 20:
        return False
    return all(z.isprintable() and not z.isspace() and z != ":" for z in name)


def eintreten(ich, name):
    """Prüfen, eintragen und ansagen gehören zusammen: sonst haben zwei denselben Namen."""
    with schloss:
        if any(jemand.name.casefold() == name.casefold() for jemand in runde):
            return False
        ich.name = name
        ich.einwerfen("Connected to the server")
        ich.einwerfen("Here:" + ",".join(" " + jemand.name for jemand in runde))
        den_anderen(f"{name} connected to the server!", ich)
        runde.append(ich)
        return True


def bedienen(ich):
    bote = threading.Thread(target=ich.austragen, daemon=True)
    bote.start()
    ich.einwerfen("NICK")
    for zeile in ich.zeilen():
        if ich.name is None:
            name = zeile.strip()
            if not name_ist_gut(name) or not eintreten(ich, name):
                ich.einwerfen("NICK")
        elif zeile.strip():
            with schloss:
                den_anderen(f"{ich.name}: {zeile}", ich)
    if ich.name is not None:
        with schloss:
            runde.remove(ich)
            den_anderen(f"{ich.name} has left the chat.", ich)
    ich.aufhoeren()
    bote.join()
    ich.leitung.close()


def main():
    befehl = argparse.ArgumentParser()
    befehl.add_argument("--host", default="127.0.0.1")
    befehl.add_argument("--port", type=int, default=5501)
    wahl = befehl.parse_args()
    tuer = socket.socket()
    tuer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tuer.bind((wahl.host, wahl.port))
    tuer.listen(100)
    print(f"Server running on {wahl.host}:{tuer.getsockname()[1]}", flush=True)
    while True:
        leitung, _ = tuer.accept()
        threading.Thread(target=bedienen, args=(Teilnehmer(leitung),), daemon=True).start()


try:
    main()
except KeyboardInterrupt:
    pass
