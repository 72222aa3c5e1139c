"""Chatraum mit Fäden; statt einer Queue ein deque und eine Condition für jeden Teilnehmer."""

import argparse
import collections
import socket
import threading

teilnehmer = set()
schloss = threading.Lock()  # schützt nur die Menge, nie wird dabei gesendet


class Teilnehmer:
    def __init__(self, leitung):
        self.leitung = leitung
        self.post = collections.deque()
        self.neues = threading.Condition()
        self.schluss = False

    def einwerfen(self, zeile):
        with self.neues:
            self.post.append(zeile)
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


def allen_anderen(zeile, absender):
    with schloss:
        for jemand in teilnehmer:
            if jemand is not absender:
                jemand.einwerfen(zeile)


def bedienen(ich):
    bote = threading.Thread(target=ich.austragen, daemon=True)
    bote.start()
    rest = b""
    try:
        while stueck := ich.leitung.recv(16384):
            rest += stueck
            while b"\n" in rest:
                zeile, rest = rest.split(b"\n", 1)
                if zeile.strip():
                    # \r von telnet fällt weg
                    allen_anderen(zeile.removesuffix(b"\r") + b"\n", ich)
    except OSError:
        pass  # abgerissen ist auch gegangen
    with schloss:
        teilnehmer.discard(ich)
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
        ich = Teilnehmer(leitung)
        with schloss:
            teilnehmer.add(ich)
        threading.Thread(target=bedienen, args=(ich,), daemon=True).start()


try:
    main()
except KeyboardInterrupt:
    pass
