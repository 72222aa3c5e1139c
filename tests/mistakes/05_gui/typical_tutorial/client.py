# chat client with Tkinter
import argparse
import socket
import threading
import time
import tkinter
import tkinter.scrolledtext
from tkinter import simpledialog


class Client:
    def __init__(self, host, port, nickname):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.connect((host, port))

        hidden = tkinter.Tk()
        hidden.withdraw()
        self.nickname = nickname or simpledialog.askstring("Name", "Choose a name", parent=hidden)

        self.window_ready = False
        self.running = True
        window_thread = threading.Thread(target=self.build_window)
        network_thread = threading.Thread(target=self.wait_for_messages)
        window_thread.start()
        network_thread.start()
        window_thread.join()

    def build_window(self):
        time.sleep(1)  # without a pause the two threads get in each other's way
        self.window = tkinter.Tk()
        tkinter.Label(self.window, text="Chat:").pack(padx=20, pady=5)
        self.messages = tkinter.scrolledtext.ScrolledText(self.window, state="disabled")
        self.messages.pack(padx=20, pady=5)
        tkinter.Label(self.window, text="Message").pack(padx=20, pady=5)
        self.message = tkinter.Text(self.window, height=3)
        self.message.pack(padx=20, pady=5)
        tkinter.Button(self.window, text="Send", command=self.send_message).pack(padx=20, pady=5)
        self.window.protocol("WM_DELETE_WINDOW", self.stop)
        self.window_ready = True
        self.window.mainloop()

    def send_message(self):
        self.sock.send(self.message.get("1.0", "end").encode())
        self.message.delete("1.0", "end")

    def stop(self):
        self.running = False
        self.window.withdraw()
        self.sock.close()

    def wait_for_messages(self):
        while self.running:
            try:
                text = self.sock.recv(1024).decode().strip()
                if text == "NICK":
                    self.sock.send((str(self.nickname) + "\n").encode())
                elif self.window_ready and text:
                    self.messages.config(state="normal")
                    self.messages.insert("end", text + "\n")
                    self.messages.yview("end")
                    self.messages.config(state="disabled")
            except OSError:
                break
            except Exception as error:
                print("Error:", error)
                self.sock.close()
                break


parser = argparse.ArgumentParser()
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=5501)
parser.add_argument("--name")
args = parser.parse_args()
Client(args.host, args.port, args.name)
