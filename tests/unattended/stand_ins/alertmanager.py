# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the event source ansible.eda.alertmanager, whose collection no package index has: the events that it makes of a message, and its options.

As there, without ``skip_original_data`` the whole message comes first, and each alert has ``meta.hosts``, found at ``data_host_path``. It asks for no token.
"""

from __future__ import annotations

import asyncio
import typing as t

from aiohttp import web


async def main(queue: t.Any, args: dict[str, t.Any]) -> None:
    """Listen, and queue the alerts of each message."""

    async def take(request: web.Request) -> web.Response:
        payload = await request.json()
        if not args.get("skip_original_data", False):
            await queue.put({"payload": payload, "meta": {"endpoint": "alerts"}})
        label = str(args.get("data_host_path", "labels.instance")).rpartition(".")[2]
        for alert in payload[str(args.get("data_alerts_path", "alerts"))]:
            hosts = [alert["labels"][label].split(":")[0]] if label in alert["labels"] else []
            await queue.put({"alert": alert, "meta": {"endpoint": "alerts", "hosts": hosts}})
        return web.Response(status=202, text="Received")

    app = web.Application()
    app.add_routes([web.post("/{endpoint}", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, args.get("host", "localhost"), args.get("port", 5000)).start()
    await asyncio.Future()
