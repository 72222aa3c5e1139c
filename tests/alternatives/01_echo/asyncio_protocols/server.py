"""Servidor de eco con protocolos de asyncio: sin corrutinas por cliente, solo avisos."""

import argparse
import asyncio
import socket


class Eco(asyncio.Protocol):
    def connection_made(self, transporte):
        self.transporte = transporte

    def data_received(self, datos):
        self.transporte.write(datos)

    # Si el cliente lee despacio, dejamos de leer de él: así la memoria no crece.
    def pause_writing(self):
        self.transporte.pause_reading()

    def resume_writing(self):
        self.transporte.resume_reading()

    def eof_received(self):
        # None significa: cerrar, pero solo después de enviar lo que falta.
        return None


async def principal(direccion, puerto):
    bucle = asyncio.get_running_loop()
    enchufe = socket.create_server((direccion, puerto), backlog=256)
    await bucle.create_server(Eco, sock=enchufe, backlog=256)
    print("Server running on %s:%d" % (direccion, enchufe.getsockname()[1]), flush=True)
    # Esta promesa no se cumple nunca; Ctrl-C la cancela.
    await bucle.create_future()


opciones = argparse.ArgumentParser()
opciones.add_argument("--host", default="127.0.0.1")
opciones.add_argument("--port", default=5501, type=int)
elegido = opciones.parse_args()
try:
    asyncio.run(principal(elegido.host, elegido.port))
except KeyboardInterrupt:
    print("¡Adiós!")
