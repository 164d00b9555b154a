// Lets only processes of this user call the engine's servers on loopback, where any user of the machine can connect.
//
// stackgen adds this file to Pulumi's package rpcutil, whose one listener it wraps. Whoever may call the engine may
// have it make resources, and dynamic providers run code.

package rpcutil

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const established = "01" // in other states the kernel may name root as the owner of a socket that was closed
const unaccepted = "0"   // the inode of a connection that no process has taken yet: root's, for some kernels

type ownPeers struct{ net.Listener }

func (l ownPeers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &ownPeer{Conn: conn}, nil
}

// ownPeer looks at who connected before it gives the first byte on.
type ownPeer struct {
	net.Conn
	once    sync.Once
	refused error
}

func (c *ownPeer) Read(b []byte) (int, error) {
	c.once.Do(func() {
		if !own(c.Conn) {
			c.refused = fmt.Errorf("only processes of the user with the number %d may call this server", os.Geteuid())
			_ = c.Conn.Close()
		}
	})
	if c.refused != nil {
		return 0, c.refused
	}
	return c.Conn.Read(b)
}

// own says whether the socket at the other end is this user's. On Linux one whose owner can't be determined is not.
// While our end stands, no other socket can be at the other one; so it must still stand after the look.
func own(conn net.Conn) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	theirs, ours := conn.RemoteAddr().(*net.TCPAddr), conn.LocalAddr().(*net.TCPAddr)
	for range 20 { // a table that changes while it is read may lack a row
		owner, ok := owner(theirs, ours)
		if !stands(conn) {
			return false
		}
		if ok {
			return owner == os.Geteuid()
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

const tcpInfo = 11 // TCP_INFO of Linux; its first byte is the connection's state

func stands(conn net.Conn) bool {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return false
	}
	state := byte(0)
	err = raw.Control(func(fd uintptr) {
		if value, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpInfo); err == nil {
			first := make([]byte, 4)
			binary.NativeEndian.PutUint32(first, uint32(value))
			state = first[0]
		}
	})
	return err == nil && fmt.Sprintf("%02X", state) == established
}

// owner compares both ends whole: another user can lure root to the same port of another address, from the caller's
// own port. Where two users seem to have the connection, neither has it.
func owner(theirs, ours *net.TCPAddr) (int, bool) {
	found := map[int]bool{}
	four := []string{end(theirs.IP.To4(), theirs.Port), end(ours.IP.To4(), ours.Port)}
	six := []string{end(theirs.IP.To16(), theirs.Port), end(ours.IP.To16(), ours.Port)}
	for table, ends := range map[string][]string{"/proc/net/tcp": four, "/proc/net/tcp6": six} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(text), "\n") {
			f := strings.Fields(line)
			if len(f) > 9 && f[1] == ends[0] && f[2] == ends[1] && f[3] == established && f[9] != unaccepted {
				uid, err := strconv.Atoi(f[7])
				if err != nil {
					return 0, false
				}
				found[uid] = true
			}
		}
	}
	for uid := range found {
		return uid, len(found) == 1
	}
	return 0, false
}

// end writes an end of a connection as the kernel does; an IPv6 address has no IPv4 form, which matches nothing.
func end(ip net.IP, port int) string {
	return fmt.Sprintf("%s:%04X", words(ip), port)
}

// words writes an address as the kernel does: 32-bit words in the machine's own byte order.
func words(ip net.IP) string {
	text := ""
	for at := 0; at < len(ip); at += 4 {
		text += fmt.Sprintf("%08X", binary.NativeEndian.Uint32(ip[at:at+4]))
	}
	return text
}
