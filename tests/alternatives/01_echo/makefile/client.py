"""Client d'écho qui lit la connexion comme un fichier."""

import argparse
import socket
import sys

sortie = sys.stdout.buffer


def montrer(reponse):
    sortie.write(reponse.rstrip(b"\r\n") + b"\n")
    sortie.flush()


def dialoguer(connexion):
    with connexion, connexion.makefile("rwb") as fichier:
        for ligne in sys.stdin.buffer:
            fichier.write(ligne.rstrip(b"\r\n") + b"\n")
            # Le fichier garde ce qu'on lui donne : il faut le pousser dehors.
            fichier.flush()
            reponse = fichier.readline()
            if not reponse.endswith(b"\n"):
                raise ConnectionError("fin de la connexion")
            montrer(reponse)
        connexion.shutdown(socket.SHUT_WR)
        for reponse in fichier:
            montrer(reponse)


def principal():
    analyseur = argparse.ArgumentParser()
    analyseur.add_argument("--host", default="127.0.0.1")
    analyseur.add_argument("--port", type=int, default=5501)
    options = analyseur.parse_args()
    try:
        connexion = socket.create_connection((options.host, options.port), timeout=5)
    except OSError as erreur:
        sys.exit(f"Pas de serveur sur {options.host}:{options.port} : {erreur}")
    connexion.settimeout(None)
    try:
        dialoguer(connexion)
    except OSError as erreur:
        sys.exit(f"Le serveur est perdu : {erreur}")


try:
    principal()
except KeyboardInterrupt:
    print("Au revoir !")
