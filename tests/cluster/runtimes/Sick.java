// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Two threads that wait for each other for ever, one that computes, and a heap that holds 10 MB of orders. */
public final class Sick {
    record Order(long number, byte[] lines) {}

    static final List<Order> ORDERS = new ArrayList<>();
    static final Object STOCK = new Object();
    static final Object LEDGER = new Object();
    static volatile long turns;

    public static void main(String[] arguments) throws InterruptedException {
        for (long number = 0; number < 10_000; number++) {
            ORDERS.add(new Order(number, new byte[1000]));
        }
        CountDownLatch both = new CountDownLatch(2);
        new Thread(() -> hold(STOCK, LEDGER, both), "ships-orders").start();
        new Thread(() -> hold(LEDGER, STOCK, both), "books-orders").start();
        Thread busy = new Thread(Sick::compute, "computes");
        busy.setDaemon(true);
        busy.start();
        both.await();
        System.out.println("ready");
        Thread.currentThread().join();
    }

    static void hold(Object first, Object second, CountDownLatch both) {
        synchronized (first) {
            both.countDown();
            try {
                both.await();
            } catch (InterruptedException stopped) {
                return;
            }
            synchronized (second) {
                System.out.println("never");
            }
        }
    }

    static void compute() {
        while (true) {
            for (int turn = 0; turn < 1000; turn++) {
                turns++;
            }
            Thread.onSpinWait();
            try {
                Thread.sleep(0, 100_000);
            } catch (InterruptedException stopped) {
                return;
            }
        }
    }
}
