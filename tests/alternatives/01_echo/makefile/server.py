"""Serveur d'écho, un client à la fois, qui lit la connexion comme un fichier."""

import argparse
import socket


def creer_ecouteur(hote, port):
    ecouteur = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Sans cette option, un serveur relancé trouverait son port encore occupé.
    ecouteur.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ecouteur.bind((hote, port))
    ecouteur.listen()
    return ecouteur


def servir(connexion):
    # Un fichier binaire : seul "\n" y termine une ligne, et rien n'est décodé.
    with connexion, connexion.makefile("rb") as lignes:
        for ligne in lignes:
            connexion.sendall(ligne)


def principal():
    analyseur = argparse.ArgumentParser()
    analyseur.add_argument("--host", default="127.0.0.1")
    analyseur.add_argument("--port", type=int, default=5501)
    options = analyseur.parse_args()
    ecouteur = creer_ecouteur(options.host, options.port)
    print("Server running on {}:{}".format(options.host, ecouteur.getsockname()[1]), flush=True)
    while True:
        connexion, _ = ecouteur.accept()
        try:
            servir(connexion)
        except OSError:
            # Le client a coupé net : au suivant.
            continue


try:
    principal()
except KeyboardInterrupt:
    print("Au revoir !")
