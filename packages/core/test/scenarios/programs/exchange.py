"""exchange.py TYPE PATH OWN_PATH FILE: exchanges descriptors and credentials with who is at PATH, and says what came."""
import array
import json
import os
import socket
import struct
import sys

SCM_CREDENTIALS = getattr(socket, "SCM_CREDENTIALS", 2)
SO_PASSCRED = getattr(socket, "SO_PASSCRED", 16)
UCRED = struct.Struct("iII")

kind, path, own_path, file = sys.argv[1:]
peer = socket.socket(socket.AF_UNIX, getattr(socket, "SOCK_" + kind.upper()))
peer.settimeout(30)
if kind == "dgram":
    peer.bind(own_path)
peer.connect(path)
peer.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 1)


def rights(*fds):
    return (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))


def content(fd):
    text = os.pread(fd, 100, 0).decode()
    os.close(fd)
    return text


# To Node: two descriptors, then explicit credentials with one, then send_fds, then credentials alone.
first = os.open(file, os.O_RDONLY)
peer.sendmsg([b"two ", b"descriptors"], [rights(first, first)])
credentials = UCRED.pack(os.getpid(), os.getuid(), os.getgid())
peer.sendmsg([b"explicit"], [(socket.SOL_SOCKET, SCM_CREDENTIALS, credentials), rights(first)])
socket.send_fds(peer, [b"send_fds"], [first] * 10)
peer.sendmsg([b"bytes"])
os.close(first)


# From Node
def receive():
    data, ancillary, flags, _ = peer.recvmsg(100, socket.CMSG_SPACE(10 * 4) + socket.CMSG_SPACE(UCRED.size))
    message = {"data": data.decode()}
    for level, type_, payload in ancillary:
        if (level, type_) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds = array.array("i")
            fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
            message["contents"] = [content(fd) for fd in fds]
        elif (level, type_) == (socket.SOL_SOCKET, SCM_CREDENTIALS):
            message["credentials"] = list(UCRED.unpack(payload))
    return message


received = [receive(), receive()]
# recv_fds has room for nothing but descriptors.
peer.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 0)
data, fds, flags, _ = socket.recv_fds(peer, 100, 10)
received.append({"data": data.decode(), "contents": [content(fd) for fd in fds]})
peer.setsockopt(socket.SOL_SOCKET, SO_PASSCRED, 1)
received.append(receive())
peer.close()
print(json.dumps(received))
