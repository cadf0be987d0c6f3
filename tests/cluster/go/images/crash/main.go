// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
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
