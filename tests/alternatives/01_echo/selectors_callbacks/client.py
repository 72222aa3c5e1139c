"""Echo-Client mit einem Selektor für Netz und Tastatur.

Ein kleiner Thread liest die Tastatur und reicht alles durch ein Socket-Paar weiter: so geht es
auch auf Windows, wo select nur Sockets kennt.
"""

import argparse
import os
import selectors
import socket
import sys
import threading


def tastatur_weiterreichen(ziel):
    try:
        while daten := os.read(0, 4096):
            ziel.sendall(daten)
        ziel.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Plauderei:
    def __init__(self, server):
        self.server = server
        self.tasten, anderes_ende = socket.socketpair()
        self.eingabe = b""
        self.ausgang = b""
        self.eingang = b""
        self.eingabe_zu_ende = False
        threading.Thread(target=tastatur_weiterreichen, args=(anderes_ende,), daemon=True).start()
        self.selektor = selectors.DefaultSelector()
        self.selektor.register(self.tasten, selectors.EVENT_READ)
        self.selektor.register(server, selectors.EVENT_READ)

    def laufen(self):
        """Gibt den Status zurück, mit dem das Programm endet."""
        while True:
            for schlüssel, ereignis in self.selektor.select():
                if schlüssel.fileobj is self.tasten:
                    self.getippt()
                elif ereignis & selectors.EVENT_READ and not self.gehört():
                    return 0 if self.eingabe_zu_ende else 1
            if not self.senden():
                return 1

    def getippt(self):
        daten = self.tasten.recv(4096)
        *zeilen, self.eingabe = (self.eingabe + daten).split(b"\n")
        self.ausgang += b"".join(zeile + b"\n" for zeile in zeilen)
        if not daten:
            self.ausgang += self.eingabe + b"\n" if self.eingabe else b""
            self.selektor.unregister(self.tasten)
            self.eingabe_zu_ende = True

    def gehört(self):
        try:
            daten = self.server.recv(65536)
        except OSError:
            daten = b""
        *zeilen, self.eingang = (self.eingang + daten).split(b"\n")
        for zeile in zeilen:
            sys.stdout.buffer.write(zeile + b"\n")
        sys.stdout.buffer.flush()
        return daten != b""

    def senden(self):
        try:
            if self.ausgang:
                gesendet = self.server.send(self.ausgang)
                self.ausgang = self.ausgang[gesendet:]
                if self.eingabe_zu_ende and not self.ausgang:
                    self.server.shutdown(socket.SHUT_WR)
            elif self.eingabe_zu_ende:
                self.server.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            return self.eingabe_zu_ende
        wünsche = selectors.EVENT_READ | (selectors.EVENT_WRITE if self.ausgang else 0)
        self.selektor.modify(self.server, wünsche)
        return True


def haupt():
    leser = argparse.ArgumentParser()
    leser.add_argument("--host", default="127.0.0.1")
    leser.add_argument("--port", type=int, default=5501)
    wahl = leser.parse_args()
    try:
        server = socket.create_connection((wahl.host, wahl.port), timeout=5)
    except OSError as fehler:
        print(f"Kein Server auf {wahl.host}:{wahl.port}: {fehler}", file=sys.stderr)
        return 1
    server.setblocking(False)
    status = Plauderei(server).laufen()
    if status:
        print("Der Server ist weg.", file=sys.stderr)
    return status


if __name__ == "__main__":
    try:
        sys.exit(haupt())
    except KeyboardInterrupt:
        sys.exit(0)
