// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// app is a small web server, the only file of an image without a shell.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	http.HandleFunc("GET /healthz", func(reply http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(reply, "ok")
	})
	http.HandleFunc("GET /{$}", func(reply http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(reply, "hello")
	})
	go func() {
		log.Fatal(http.ListenAndServe(":8080", nil))
	}()
	log.Printf("serving on :8080 as %d:%d", os.Getuid(), os.Getgid())
	<-stop
}
