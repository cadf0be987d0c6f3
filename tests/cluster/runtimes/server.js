// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Serves "ok" at port 8080, and computes in matchPrices ten times a second.
'use strict';

const http = require('node:http');

function matchPrices() {
  let sum = 0;
  for (let number = 0; number < 2e6; number++) sum = (sum + number * number) % 7;
  return sum;
}

setInterval(matchPrices, 100);
http.createServer((request, response) => response.end('ok\n')).listen(8080, () => console.log('ready'));
