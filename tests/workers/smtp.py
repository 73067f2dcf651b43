"""A mail server that accepts, refuses, hangs, or drops connections."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from threading import Event, Thread
from typing import Literal

Mode = Literal["accept", "refuse", "refuse_for_good", "hang", "drop_before", "drop_after", "hold"]


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps what it has accepted in `mails`.

    `refuse` answers 450 to each recipient, and `refuse_for_good` 550. `hang` never answers. `drop_before` closes the
    connection at the end of a mail, and `drop_after` does so once it has accepted the mail, whose acceptance is lost.
    `hold` waits with the acceptance until the connection is closed, and then does not accept the mail.
    """

    allow_reuse_address = daemon_threads = True

    def __init__(self, host: str) -> None:
        super().__init__((host, 0), Session)
        self.mode: Mode = "accept"
        self.mails: list[Message] = []
        self.attempts = 0
        self.over = Event()

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port

    def recipients(self) -> list[str]:
        return sorted(str(mail["To"]) for mail in self.mails)


class Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.server.attempts += 1
        if self.server.mode == "hang":
            self.server.over.wait()
            return
        self.say("220 ready")
        for line in self.rfile:
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"RCPT" and self.server.mode == "refuse":
                self.say("450 Not now")
            elif verb == b"RCPT" and self.server.mode == "refuse_for_good":
                self.say("550 Never heard of them")
            elif verb == b"DATA":
                self.say("354 go on")
                if not self.take():
                    return
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def take(self) -> bool:
        """Read a mail, and do with it what the mode says; False if the connection is to be closed."""
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line)
        mode = self.server.mode
        if mode == "drop_before":
            return False
        if mode == "hold":
            self.rfile.read()
            return False
        self.server.mails.append(message_from_bytes(b"".join(lines)))
        if mode == "drop_after":
            return False
        self.say("250 accepted")
        return True

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server(host: str = "127.0.0.1") -> Iterator[MailServer]:
    with MailServer(host) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()
