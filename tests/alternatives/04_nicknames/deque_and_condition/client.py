"""Zwei Fäden (Tastatur, Netz) füllen eine Schlange, der Hauptfaden arbeitet sie ab."""

import argparse
import collections
import os
import queue
import socket
import sys
import threading

neuigkeiten = queue.SimpleQueue()


class Ende(Exception):
    pass


def zeilen_aus(lesen, woher):
    """Lege jede ganze Zeile in die Schlange und am Ende None."""
    rest = b""
    while True:
        try:
            stueck = lesen()
        except OSError:
            stueck = b""
        *zeilen, rest = (rest + stueck).split(b"\n")
        for zeile in zeilen:
            neuigkeiten.put((woher, zeile.removesuffix(b"\r")))
        if not stueck:
            neuigkeiten.put((woher, None))
            return


def schicken(leitung, briefe):
    """Ein eigener Faden: ein Server, der nicht liest, hielte sonst das Zuhören an."""
    try:
        while (brief := briefe.get()) is not None:
            leitung.sendall(brief + b"\n")
        leitung.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # das Netz meldet dasselbe


class Gespraech:
    def __init__(self, briefe, name):
        self.briefe = briefe
        self.name = name  # None: am Bildschirm fragen
        self.verbunden = False
        self.genannt = False
        self.gefragt = False
        self.getippt = collections.deque()
        self.fertig = False

    def gehoert(self, zeile):
        if zeile is None:
            raise Ende(None if self.fertig and self.verbunden else "Der Server ist weg.")
        if self.verbunden or zeile != b"NICK":
            os.write(1, zeile + b"\n")
            if zeile == b"Connected to the server":
                self.verbunden = True
        elif self.name is None:
            os.write(1, b"Wie heisst du? ")
            self.gefragt = True
        elif self.genannt:
            raise Ende(f"Der Server nimmt den Namen {self.name} nicht.")
        else:
            self.briefe.put(self.name.encode())
            self.genannt = True

    def namenlos(self):
        return not self.getippt and (self.gefragt or not self.genannt)

    def weiter(self):
        """Verwende das Getippte, so weit es schon an der Reihe ist."""
        if self.gefragt and self.getippt:
            self.gefragt = False
            self.genannt = True
            self.briefe.put(self.getippt.popleft())
        if self.verbunden:
            while self.getippt:
                self.briefe.put(self.getippt.popleft())
            if self.fertig:
                self.briefe.put(None)
        elif self.fertig and self.name is None and self.namenlos():
            raise Ende(None)  # keiner sagt mehr, wie er heisst


def plaudern(leitung, name):
    briefe = queue.SimpleQueue()
    for auftrag in (
        (zeilen_aus, lambda: os.read(0, 4096), "Tastatur"),
        (zeilen_aus, lambda: leitung.recv(4096), "Netz"),
        (schicken, leitung, briefe),
    ):
        threading.Thread(target=auftrag[0], args=auftrag[1:], daemon=True).start()
    gespraech = Gespraech(briefe, name)
    while True:
        woher, zeile = neuigkeiten.get()
        if woher == "Netz":
            gespraech.gehoert(zeile)
        elif zeile is None:
            gespraech.fertig = True
        else:
            gespraech.getippt.append(zeile)
        gespraech.weiter()


def main():
    befehl = argparse.ArgumentParser()
    befehl.add_argument("--host", default="127.0.0.1")
    befehl.add_argument("--port", type=int, default=5501)
    befehl.add_argument("--name")
    wahl = befehl.parse_args()
    try:
        leitung = socket.create_connection((wahl.host, wahl.port), timeout=5)
    except OSError as grund:
        print(f"Kein Server auf {wahl.host}:{wahl.port}: {grund}", file=sys.stderr)
        return 2
    leitung.settimeout(None)
    try:
        plaudern(leitung, wahl.name)
    except Ende as ende:
        if ende.args[0] is None:
            return 0
        print(ende, file=sys.stderr)
        return 3


try:
    status = main()
except KeyboardInterrupt:
    status = 0
sys.exit(status)
