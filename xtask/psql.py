"""Stands in for psql in the demo, where no psql is installed that can use TLS.

    PGHOST=… PGUSER=… PGPASSWORD=… PGDATABASE=… python3 xtask/psql.py --quiet --command 'SELECT 1'

It does what the demo needs: it connects over TLS with a password, runs the commands, and prints rows.
The certificate must be one that PGSSLROOTCERT contains, if the variable is set. The messages are those
of the chapter "Frontend/Backend Protocol" of PostgreSQL's documentation.
"""

import argparse
import os
import socket
import ssl
import struct
import sys

TLS_REQUEST = 80877103
VERSION_3_0 = 3 << 16


def main():
    parser = argparse.ArgumentParser(prog="psql")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--command", action="append", default=[])
    arguments = parser.parse_args()
    try:
        connection = connect(os.environ)
        for command in arguments.command:
            print(*run(connection, command), sep="\n", end="")
    except (OSError, Refusal) as error:
        sys.exit(f"psql: error: {error}")


class Refusal(Exception):
    """PostgreSQL's own message."""


def connect(environment):
    """A session over TLS, as the PG* variables say."""
    address = (environment["PGHOST"], int(environment.get("PGPORT", 5432)))
    plain = socket.create_connection(address, timeout=60)
    plain.sendall(struct.pack("!II", 8, TLS_REQUEST))
    if plain.recv(1) != b"S":
        raise Refusal("the server does not support TLS")
    roots = environment.get("PGSSLROOTCERT")
    context = ssl.create_default_context(cafile=roots)
    if not roots:  # as psql does with sslmode=require
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    stream = context.wrap_socket(plain, server_hostname=environment["PGHOST"])
    connection = stream.makefile("rwb")
    texts = ["user", environment["PGUSER"], "database", environment["PGDATABASE"], ""]
    body = struct.pack("!I", VERSION_3_0) + b"".join(it.encode() + b"\0" for it in texts)
    connection.write(struct.pack("!I", len(body) + 4) + body)
    connection.flush()
    for kind, body in messages(connection):
        if kind == b"R" and body[:4] == struct.pack("!I", 3):
            send(connection, b"p", environment.get("PGPASSWORD", "").encode() + b"\0")
    return connection


def run(connection, command):
    """Runs a command, and gives the lines that psql would print of its rows."""
    send(connection, b"Q", command.encode() + b"\0")
    rows = []
    for kind, body in messages(connection):
        if kind == b"T":
            rows.append([name for name in columns(body)])
        elif kind == b"D":
            rows.append(values(body))
    if not rows:
        return []
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [" | ".join(it.ljust(width) for it, width in zip(row, widths)) for row in rows]
    lines = [f" {line}".rstrip() for line in lines]
    lines.insert(1, "-+-".join("-" * width for width in widths).join("--"))
    count = len(rows) - 1
    return [*lines, f"({count} row{'' if count == 1 else 's'})", "", ""]


def columns(body):
    """The names of the columns."""
    (count,), body = struct.unpack_from("!H", body), body[2:]
    for _ in range(count):
        name, body = body.split(b"\0", 1)
        body = body[18:]
        yield name.decode()


def values(body):
    """The values of a row, as text."""
    (count,), place = struct.unpack_from("!H", body), 2
    row = []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, place)
        place += 4
        row.append(body[place : place + max(length, 0)].decode())
        place += max(length, 0)
    return row


def messages(connection):
    """The messages up to the next one that says that the server is ready."""
    while True:
        kind, length = struct.unpack("!cI", exactly(connection, 5))
        body = exactly(connection, length - 4)
        if kind == b"E":
            fields = {it[:1]: it[1:].decode() for it in body.split(b"\0") if it}
            raise Refusal(f"{fields[b'S']}:  {fields[b'M']}")
        if kind == b"Z":
            return
        yield kind, body


def exactly(connection, size):
    read = connection.read(size)
    if len(read) < size:
        raise Refusal("the server closed the connection")
    return read


def send(connection, kind, body):
    connection.write(kind + struct.pack("!I", len(body) + 4) + body)
    connection.flush()


if __name__ == "__main__":
    main()
