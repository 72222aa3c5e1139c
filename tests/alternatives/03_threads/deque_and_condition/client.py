"""Zwei Fäden (Tastatur, Netz) füllen eine Schlange, der Hauptfaden arbeitet sie ab."""

import argparse
import os
import queue
import socket
import sys
import threading

neuigkeiten = queue.SimpleQueue()


def tastatur():
    # os.read statt input(): beim Ende des Programms darf hier niemand ein Schloss halten
    while True:
        try:
            stueck = os.read(0, 4096)
        except OSError:
            stueck = b""
        neuigkeiten.put(("getippt", stueck))
        if not stueck:
            return


def netz(leitung):
    while True:
        try:
            stueck = leitung.recv(4096)
        except OSError:
            stueck = b""
        neuigkeiten.put(("gehört", stueck))
        if not stueck:
            return


def schicken(leitung, briefe):
    """Ein eigener Faden: ein Server, der nicht liest, hielte sonst das Zuhören an."""
    try:
        while (brief := briefe.get()) is not None:
            leitung.sendall(brief)
        leitung.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # das Netz meldet dasselbe


def faden(*auftrag):
    threading.Thread(target=auftrag[0], args=auftrag[1:], daemon=True).start()


def plaudern(leitung):
    briefe = queue.SimpleQueue()
    faden(tastatur)
    faden(netz, leitung)
    faden(schicken, leitung, briefe)
    fertig = False
    rest = b""
    while True:
        woher, stueck = neuigkeiten.get()
        if woher == "getippt":
            fertig = not stueck
            briefe.put(stueck or None)
        elif not stueck:
            return fertig
        else:
            rest += stueck
            *zeilen, rest = rest.split(b"\n")
            for zeile in zeilen:
                os.write(1, zeile.rstrip(b"\r") + b"\n")


def main():
    befehl = argparse.ArgumentParser()
    befehl.add_argument("--host", default="127.0.0.1")
    befehl.add_argument("--port", type=int, default=5501)
    wahl = befehl.parse_args()
    try:
        leitung = socket.create_connection((wahl.host, wahl.port), timeout=5)
    except OSError as grund:
        print(f"Kein Server auf {wahl.host}:{wahl.port}: {grund}", file=sys.stderr)
        return 2
    leitung.settimeout(None)
    if plaudern(leitung):
        return 0
    print("Der Server ist weg.", file=sys.stderr)
    return 3


try:
    status = main()
except KeyboardInterrupt:
    status = 0
sys.exit(status)
