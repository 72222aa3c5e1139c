"""Un server di chat con i protocolli di asyncio: tutto accade in risposta a un evento."""

import argparse
import asyncio
import socket

MASSIMO = 40 * 1024 * 1024


class Stanza:
    def __init__(self):
        self.ospiti = []

    def nuovo_ospite(self):
        return Ospite(self)

    def annuncia(self, riga, mittente):
        # Una copia: chi viene scollegato qui esce dalla lista durante il giro.
        for ospite in list(self.ospiti):
            if ospite is not mittente:
                ospite.ricevi(riga)


class Ospite(asyncio.Protocol):
    def __init__(self, stanza):
        self.stanza = stanza
        self.avanzo = b""

    def connection_made(self, trasporto):
        self.trasporto = trasporto
        self.stanza.ospiti.append(self)

    def connection_lost(self, motivo):
        self.stanza.ospiti.remove(self)

    def data_received(self, dati):
        pezzi = (self.avanzo + dati).split(b"\n")
        # L'ultimo pezzo non ha ancora la sua fine: aspetta qui.
        self.avanzo = pezzi.pop()
        for pezzo in pezzi:
            if pezzo.strip() != b"":
                self.stanza.annuncia(pezzo + b"\n", self)

    def ricevi(self, riga):
        if self.trasporto.is_closing():
            return
        self.trasporto.write(riga)
        if self.trasporto.get_write_buffer_size() > MASSIMO:
            self.trasporto.abort()


async def principale(opzioni):
    ciclo = asyncio.get_running_loop()
    presa = socket.create_server((opzioni.host, opzioni.port), backlog=256)
    await ciclo.create_server(Stanza().nuovo_ospite, sock=presa, backlog=256)
    print(f"Server running on {opzioni.host}:{presa.getsockname()[1]}", flush=True)
    await ciclo.create_future()


argomenti = argparse.ArgumentParser()
argomenti.add_argument("--host", default="127.0.0.1")
argomenti.add_argument("--port", default=5501, type=int)
try:
    asyncio.run(principale(argomenti.parse_args()))
except KeyboardInterrupt:
    print("Ciao!")
