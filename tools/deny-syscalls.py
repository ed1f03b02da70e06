#!/usr/bin/env python3
"""deny-syscalls.py ARCH NUMBER[,NUMBER…] ERRNO COMMAND…

Runs COMMAND under a seccomp filter in which these system calls fail with ERRNO. ARCH (ia32, x64, arm64) is the interface
whose numbers they are; calls by another interface are allowed. The filter holds for child processes, too. See seccomp(2).
"""
import ctypes
import os
import struct
import sys

# include/uapi/linux/audit.h
AUDIT_ARCH = {"ia32": 0x40000003, "x64": 0xC000003E, "arm64": 0xC00000B7}
# include/uapi/linux/prctl.h, seccomp.h
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ERRNO = 0x00050000
SECCOMP_RET_ALLOW = 0x7FFF0000
# struct seccomp_data
NUMBER_OFFSET = 0
ARCH_OFFSET = 4
# include/uapi/linux/bpf_common.h
BPF_LD_W_ABS = 0x20
BPF_JMP_JEQ_K = 0x15
BPF_RET_K = 0x06


def instruction(code, operand, if_true=0, if_false=0):
    return struct.pack("HBBI", code, if_true, if_false, operand)


def filter_program(arch, numbers, errno):
    checks = len(numbers)
    program = [
        instruction(BPF_LD_W_ABS, ARCH_OFFSET),
        instruction(BPF_JMP_JEQ_K, AUDIT_ARCH[arch], if_false=checks + 1),
        instruction(BPF_LD_W_ABS, NUMBER_OFFSET),
    ]
    for i, number in enumerate(numbers):
        program.append(instruction(BPF_JMP_JEQ_K, number, if_true=checks - i))
    program.append(instruction(BPF_RET_K, SECCOMP_RET_ALLOW))
    program.append(instruction(BPF_RET_K, SECCOMP_RET_ERRNO | errno))
    return program


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def install(program):
    code = ctypes.create_string_buffer(b"".join(program))
    descriptor = Program(len(program), ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for arguments in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(descriptor), 0, 0),
    ):
        if prctl(*arguments) != 0:
            sys.exit("prctl: " + os.strerror(ctypes.get_errno()))


def main():
    if len(sys.argv) < 5 or sys.argv[1] not in AUDIT_ARCH:
        sys.exit(__doc__)
    arch, numbers, errno = sys.argv[1], [int(n) for n in sys.argv[2].split(",")], int(sys.argv[3])
    install(filter_program(arch, numbers, errno))
    os.execvp(sys.argv[4], sys.argv[4:])


if __name__ == "__main__":
    main()
