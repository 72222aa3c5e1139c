"""Servidor de conversa que lê cada ligação como um ficheiro de texto."""

import argparse
import socket
import threading
from collections import deque

trinco = threading.Lock()
pessoas = {}  # ligação -> a sua caixa de correio


class Caixa:
    """Linhas à espera de uma pessoa. Quem põe nunca espera; quem tira espera pelo carteiro."""

    def __init__(self):
        self.linhas = deque()
        self.aviso = threading.Condition()
        self.fechada = False

    def por(self, linha):
        with self.aviso:
            self.linhas.append(linha)
            self.aviso.notify()

    def fechar(self):
        with self.aviso:
            self.fechada = True
            self.aviso.notify()

    def tirar_tudo(self):
        with self.aviso:
            while not self.linhas and not self.fechada:
                self.aviso.wait()
            if self.fechada:
                return ""
            tudo = "".join(self.linhas)
            self.linhas.clear()
            return tudo


def escrever(ligacao, caixa):
    try:
        while texto := caixa.tirar_tudo():
            ligacao.sendall(texto.encode("utf-8"))
    except OSError:
        pass


def ouvir(ligacao):
    # newline="\n": só "\n" termina uma linha. Bytes que não são UTF-8 tornam-se num sinal.
    ficheiro = ligacao.makefile("r", encoding="utf-8", errors="replace", newline="\n")
    for linha in ficheiro:
        texto = linha.rstrip("\r\n")
        if not linha.endswith("\n") or not texto.strip():
            continue
        with trinco:
            for outra, caixa in pessoas.items():
                if outra is not ligacao:
                    caixa.por(texto + "\n")


def atender(ligacao, caixa):
    try:
        ouvir(ligacao)
    except OSError:
        pass
    with trinco:
        del pessoas[ligacao]
    caixa.fechar()
    try:
        ligacao.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    ligacao.close()


def principal():
    leitor = argparse.ArgumentParser()
    leitor.add_argument("--host", default="127.0.0.1")
    leitor.add_argument("--port", type=int, default=5501)
    opcoes = leitor.parse_args()
    porta = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    porta.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    porta.bind((opcoes.host, opcoes.port))
    porta.listen(128)
    print("Server running on %s:%s" % (opcoes.host, porta.getsockname()[1]), flush=True)
    while True:
        ligacao, _ = porta.accept()
        caixa = Caixa()
        with trinco:
            pessoas[ligacao] = caixa
        threading.Thread(target=escrever, args=(ligacao, caixa), daemon=True).start()
        threading.Thread(target=atender, args=(ligacao, caixa), daemon=True).start()


try:
    principal()
except KeyboardInterrupt:
    print("Até logo!")
