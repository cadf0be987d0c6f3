// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Never returns to its event loop.
'use strict';

function sortForEver() {
  for (let turn = 0; ; turn++) [3, turn, 1].sort();
}

console.log('ready');
sortForEver();
