# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thread that computes in match_prices, and one that waits for a lock that nobody lets go in wait_for_stock."""

import threading

STOCK = threading.Lock()


def wait_for_stock() -> None:
    """Wait for ever."""
    STOCK.acquire()


def match_prices() -> int:
    """Compute for a moment."""
    return sum(number * number % 7 for number in range(200_000))


STOCK.acquire()
threading.Thread(target=wait_for_stock, name="stock", daemon=True).start()
print("ready", flush=True)
while True:
    match_prices()
