// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// leaky is a program with a leak of goroutines, a full cache, a lock that is never let go and a loop that computes. It serves pprof at PPROF.
package main

import (
	"log"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"sync"
	"time"
)

var cached [][]byte

func main() {
	runtime.SetMutexProfileFraction(1)
	fillCache()
	orders := make(chan int)
	for range 1200 {
		go waitForOrder(orders)
	}
	var stock sync.Mutex
	stock.Lock()
	go lockStock(&stock)
	go matchPrices()
	log.Fatal(http.ListenAndServe(os.Getenv("PPROF"), nil))
}

func fillCache() {
	for range 3000 {
		cached = append(cached, make([]byte, 10_000))
	}
}

func waitForOrder(orders chan int) { <-orders }

func lockStock(stock *sync.Mutex) { stock.Lock() }

func matchPrices() {
	for sum := 0; ; time.Sleep(time.Millisecond) {
		for number := range 1_000_000 {
			sum += number * number % 7
		}
	}
}
