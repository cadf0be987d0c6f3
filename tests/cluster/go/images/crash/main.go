// Copyright (c) 2026 The kubedebug.pods authors
// SPDX-License-Identifier: GPL-3.0-or-later

// crash is a program that fails a second after its start, every time.
package main

import (
	"log"
	"time"
)

func main() {
	log.Print("starting")
	time.Sleep(time.Second)
	log.Fatal("no configuration found, giving up")
}
