// child IN OUT FILE: see child.mjs.
package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func socketOf(argument string) *net.UnixConn {
	number, err := strconv.Atoi(argument)
	check(err)
	file := os.NewFile(uintptr(number), "socket")
	// FileConn duplicates the descriptor.
	conn, err := net.FileConn(file)
	check(err)
	file.Close()
	return conn.(*net.UnixConn)
}

func main() {
	peer := socketOf(os.Args[1])
	answers := peer
	if os.Args[1] != os.Args[2] {
		answers = socketOf(os.Args[2])
	}
	data, control := make([]byte, 100), make([]byte, 100)
	for {
		n, controlLength, _, _, err := peer.ReadMsgUnix(data, control)
		if n == 0 {
			os.Exit(3)
		}
		check(err)
		if string(data[:n]) == "leave" {
			os.Exit(0)
		}
		messages, err := syscall.ParseSocketControlMessage(control[:controlLength])
		check(err)
		fds, err := syscall.ParseUnixRights(&messages[0])
		check(err)
		said := make([]byte, 100)
		length, err := syscall.Pread(fds[0], said, 0)
		check(err)
		syscall.Close(fds[0])
		opened, err := os.Open(os.Args[3])
		check(err)
		answer := append([]byte("read: "), said[:length]...)
		_, _, err = answers.WriteMsgUnix(answer, syscall.UnixRights(int(opened.Fd())), nil)
		check(err)
		opened.Close()
	}
}
