// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// names is a DNS server of the names that it is told: NAME=ADDRESS, NAME=servfail, NAME=silence. Others do not exist.
package main

import (
	"encoding/binary"
	"log"
	"net"
	"net/netip"
	"os"
	"strings"
)

const (
	servfail  = 2
	nxdomain  = 3
	a         = 1
	question  = 12 // where it begins
	reply     = 0x8580
	pointer   = 0xc000 | question
	classInet = 1
)

func main() {
	zone := map[string]string{}
	for _, word := range os.Args[1:] {
		name, value, _ := strings.Cut(word, "=")
		zone[name] = value
	}
	socket, err := net.ListenPacket("udp", ":53")
	if err != nil {
		log.Fatal(err)
	}
	buffer := make([]byte, 512)
	for {
		size, from, err := socket.ReadFrom(buffer)
		if err != nil {
			log.Fatal(err)
		}
		if answer := answer(zone, buffer[:size]); answer != nil {
			_, _ = socket.WriteTo(answer, from)
		}
	}
}

// answer returns the reply to a query (RFC 1035, section 4), or nothing to be silent.
func answer(zone map[string]string, query []byte) []byte {
	labels := []string{}
	end := question
	for end < len(query) && query[end] != 0 {
		next := end + 1 + int(query[end])
		if next >= len(query) {
			return nil
		}
		labels = append(labels, string(query[end+1:next]))
		end = next
	}
	end += 5 // the root, type and class
	if end > len(query) {
		return nil
	}
	value, known := zone[strings.ToLower(strings.Join(labels, "."))]
	if value == "silence" {
		return nil
	}
	message := append([]byte{}, query[:end]...)
	flags, answers := uint16(reply), uint16(0)
	switch address, err := netip.ParseAddr(value); {
	case value == "servfail":
		flags |= servfail
	case !known || err != nil:
		flags |= nxdomain
	case binary.BigEndian.Uint16(query[end-4:]) == a:
		answers = 1
		message = binary.BigEndian.AppendUint16(message, pointer)
		message = binary.BigEndian.AppendUint16(message, a)
		message = binary.BigEndian.AppendUint16(message, classInet)
		message = binary.BigEndian.AppendUint32(message, 60)
		message = binary.BigEndian.AppendUint16(message, 4)
		message = append(message, address.AsSlice()...)
	}
	binary.BigEndian.PutUint16(message[2:], flags)
	binary.BigEndian.PutUint16(message[4:], 1)
	binary.BigEndian.PutUint16(message[6:], answers)
	binary.BigEndian.PutUint32(message[8:], 0)
	return message
}
