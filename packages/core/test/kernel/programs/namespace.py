# Runs in a network namespace, and serves the process at the other end of descriptor 3.
# It answers "socket FAMILY TYPE PROTOCOL" with the socket, "run COMMAND" with the output, and a failure with "error …".
# It is not in Node, because on an emulated machine Node needs several seconds to start, and many tests start two of these programs.
import os
import socket
import sys

CHANNEL = 3
REQUEST = 4096
INT = 4

os.set_inheritable(CHANNEL, False)
channel = socket.socket(fileno=CHANNEL)


def open_socket(*numbers):
    with socket.socket(*map(int, numbers)) as made:
        rights = made.fileno().to_bytes(INT, sys.byteorder)
        channel.sendmsg([b"ok"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def run(*command):
    outputs = [os.memfd_create(name) for name in ("stdout", "stderr")]
    actions = [(os.POSIX_SPAWN_DUP2, fd, i + 1) for i, fd in enumerate(outputs)]
    try:
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        printed, complaint = (os.pread(fd, os.fstat(fd).st_size, 0) for fd in outputs)
    finally:
        for fd in outputs:
            os.close(fd)
    if status == 0:
        channel.send(b"ok " + printed)
    else:
        channel.send(b"error " + (complaint or b"status %d" % status))


channel.send(b"ok")
while request := channel.recv(REQUEST):
    what, *words = request.decode().split(" ")
    try:
        (run if what == "run" else open_socket)(*words)
    except OSError as error:
        channel.send(b"error %d" % -error.errno)
