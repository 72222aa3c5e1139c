"""Echo-Server mit einem Thread: der Selektor ruft für jedes Ereignis eine Methode auf."""

import argparse
import selectors
import socket

# So viel darf auf einen langsamen Leser warten, bevor wir ihm nicht mehr zuhören.
GRENZE = 256 * 1024


class Türsteher:
    """Nimmt neue Verbindungen an."""

    def __init__(self, selektor, adresse, anschluss):
        self.selektor = selektor
        self.horcher = socket.create_server((adresse, anschluss), backlog=128)
        self.horcher.setblocking(False)
        selektor.register(self.horcher, selectors.EVENT_READ, self.bereit)

    def bereit(self, ereignis):
        try:
            verbindung, _ = self.horcher.accept()
        except OSError:
            return
        Gast(self.selektor, verbindung)


class Gast:
    """Ein Client und die Bytes, die noch zu ihm zurück müssen."""

    def __init__(self, selektor, verbindung):
        self.selektor = selektor
        self.verbindung = verbindung
        self.ausgang = bytearray()
        self.fertig = False
        verbindung.setblocking(False)
        selektor.register(verbindung, selectors.EVENT_READ, self.bereit)

    def bereit(self, ereignis):
        try:
            if ereignis & selectors.EVENT_READ:
                self.lesen()
            if self.ausgang:
                self.schreiben()
        except BlockingIOError:
            pass
        except OSError:
            self.gehen()
            return
        self.interessen_anpassen()

    def lesen(self):
        daten = self.verbindung.recv(65536)
        if daten:
            self.ausgang += daten
        else:
            self.fertig = True

    def schreiben(self):
        gesendet = self.verbindung.send(self.ausgang)
        del self.ausgang[:gesendet]

    def interessen_anpassen(self):
        ereignisse = 0
        if not self.fertig and len(self.ausgang) < GRENZE:
            ereignisse |= selectors.EVENT_READ
        if self.ausgang:
            ereignisse |= selectors.EVENT_WRITE
        if ereignisse:
            self.selektor.modify(self.verbindung, ereignisse, self.bereit)
        else:
            # Alles gelesen und alles zurückgegeben.
            self.gehen()

    def gehen(self):
        self.selektor.unregister(self.verbindung)
        self.verbindung.close()


def haupt():
    leser = argparse.ArgumentParser()
    leser.add_argument("--host", default="127.0.0.1")
    leser.add_argument("--port", type=int, default=5501)
    wahl = leser.parse_args()
    selektor = selectors.DefaultSelector()
    türsteher = Türsteher(selektor, wahl.host, wahl.port)
    nummer = türsteher.horcher.getsockname()[1]
    print(f"Server running on {wahl.host}:{nummer}", flush=True)
    while True:
        for schlüssel, ereignis in selektor.select():
            schlüssel.data(ereignis)


if __name__ == "__main__":
    try:
        haupt()
    except KeyboardInterrupt:
        pass
