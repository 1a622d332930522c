"""A mail server on loopback (aiosmtpd) that keeps what it takes and misbehaves on demand.

usage: post_office.py FOLDER PORT starttls|tls USER:PASSWORD

FOLDER holds cert.pem and key.pem. Each letter taken becomes FOLDER/letters/N.json. The lines of FOLDER/manners are used up from the
top, one for each letter offered: `451` or `550` refuse its address so, `drop` takes it and hangs up before saying so, `slow` takes
three seconds, anything else (and no line) takes it.
"""

import asyncio
import email
import email.policy
import json
import os
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

folder, port, security, login = sys.argv[1:]
letters = os.path.join(folder, "letters")
os.makedirs(letters, exist_ok=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))


def next_manner():
    path = os.path.join(folder, "manners")
    try:
        with open(path) as file:
            manners = file.read().split()
    except FileNotFoundError:
        return "take"
    with open(path + ".part", "w") as file:
        file.write("\n".join(manners[1:]))
    os.rename(path + ".part", path)
    return manners[0] if manners else "take"


def part(message, kind):
    found = message.get_body((kind,))
    return found.get_content() if found else None


class Keeper:
    async def handle_RCPT(self, server, session, envelope, address, options):
        session.manner = next_manner()
        if session.manner in ("451", "550"):
            with open(os.path.join(folder, "refused"), "a") as file:
                file.write(session.manner + "\n")
            return session.manner + " as the test wants it"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if session.manner == "slow":
            await asyncio.sleep(3)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        taken = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object").version(),
            "user": getattr(session, "user", None),
            "id": message["message-id"],
            "subject": message["subject"],
            "auto": message["auto-submitted"],
            "text": part(message, "plain"),
            "html": part(message, "html"),
        }
        name = os.path.join(letters, "%020d.json" % time.time_ns())
        with open(name + ".part", "w") as file:
            json.dump(taken, file)
        os.rename(name + ".part", name)
        if session.manner == "drop":
            server.transport.abort()
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login + b":" + data.password).decode() == login
    if right:
        session.user = data.login.decode()
    return AuthResult(success=right, handled=right)


class Office(Controller):
    def factory(self):
        wrapped = security == "tls"
        return SMTP(
            self.handler,
            hostname="post.example",
            tls_context=None if wrapped else context,
            require_starttls=not wrapped,
            authenticator=authenticate,
            auth_required=True,
            # aiosmtpd knows of no TLS but its own.
            auth_require_tls=not wrapped,
        )


office = Office(Keeper(), hostname="127.0.0.1", port=int(port), ssl_context=context if security == "tls" else None)
office.start()
print("open", flush=True)
while True:
    time.sleep(3600)
