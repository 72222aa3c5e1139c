"""Cliente de eco con protocolos de asyncio."""

import argparse
import asyncio
import os
import sys
import threading


class Charla(asyncio.Protocol):
    def __init__(self):
        self.resto = b""
        self.sin_entrada = False
        # El resultado de esta promesa es el estado con que termina el programa.
        self.final = asyncio.get_running_loop().create_future()

    def connection_made(self, transporte):
        self.transporte = transporte

    def data_received(self, datos):
        *lineas, self.resto = (self.resto + datos).split(b"\n")
        for linea in lineas:
            sys.stdout.buffer.write(linea + b"\n")
        sys.stdout.buffer.flush()

    def connection_lost(self, motivo):
        if not self.final.done():
            self.final.set_result(0 if self.sin_entrada else 1)

    # Las dos que siguen las llama el teclado, pero siempre dentro del bucle.
    def tecleado(self, linea):
        self.transporte.write(linea)

    def fin_de_entrada(self):
        self.sin_entrada = True
        if not self.transporte.is_closing():
            self.transporte.write_eof()


def teclado(bucle, charla):
    resto = b""
    try:
        while True:
            datos = os.read(0, 4096)
            if not datos:
                break
            *lineas, resto = (resto + datos).split(b"\n")
            for linea in lineas:
                bucle.call_soon_threadsafe(charla.tecleado, linea + b"\n")
        if resto:  # la última línea cuenta, aunque le falte el salto
            bucle.call_soon_threadsafe(charla.tecleado, resto + b"\n")
        bucle.call_soon_threadsafe(charla.fin_de_entrada)
    except RuntimeError:
        pass  # el bucle ya está cerrado


async def principal(direccion, puerto):
    bucle = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(5):
            _, charla = await bucle.create_connection(Charla, direccion, puerto)
    except OSError as fallo:
        print(f"No hay servidor en {direccion}:{puerto}: {fallo}", file=sys.stderr)
        return 1
    threading.Thread(target=teclado, args=(bucle, charla), daemon=True).start()
    estado = await charla.final
    if estado:
        print("Se ha perdido el servidor.", file=sys.stderr)
    return estado


opciones = argparse.ArgumentParser()
opciones.add_argument("--host", default="127.0.0.1")
opciones.add_argument("--port", default=5501, type=int)
elegido = opciones.parse_args()
try:
    estado = asyncio.run(principal(elegido.host, elegido.port))
except KeyboardInterrupt:
    estado = 0
sys.exit(estado)
