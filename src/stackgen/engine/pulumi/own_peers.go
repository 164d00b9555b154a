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
	"time"
)

const established = "01" // in other states the kernel may name root as the owner of a socket that was closed

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
		if !own(c.RemoteAddr(), c.LocalAddr()) {
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
func own(remote, local net.Addr) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	theirs, ours := remote.(*net.TCPAddr), local.(*net.TCPAddr)
	for range 20 { // a table that changes while it is read may lack a row
		if owner, ok := owner(theirs, ours); ok {
			return owner == os.Geteuid()
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

func owner(theirs, ours *net.TCPAddr) (int, bool) {
	for table, ip := range map[string]net.IP{"/proc/net/tcp": theirs.IP.To4(), "/proc/net/tcp6": theirs.IP.To16()} {
		text, err := os.ReadFile(table)
		if err != nil || ip == nil {
			continue
		}
		end := fmt.Sprintf("%s:%04X", words(ip), theirs.Port)
		other := fmt.Sprintf(":%04X", ours.Port)
		for _, line := range strings.Split(string(text), "\n") {
			f := strings.Fields(line)
			if len(f) > 7 && f[1] == end && strings.HasSuffix(f[2], other) && f[3] == established {
				uid, err := strconv.Atoi(f[7])
				return uid, err == nil
			}
		}
	}
	return 0, false
}

// words writes an address as the kernel does: 32-bit words in the machine's own byte order.
func words(ip net.IP) string {
	text := ""
	for at := 0; at < len(ip); at += 4 {
		text += fmt.Sprintf("%08X", binary.NativeEndian.Uint32(ip[at:at+4]))
	}
	return text
}
