"""Echo server."""

import argparse
import socket
