// Copyright (c) 2026 The kubedebug.pods authors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Handles SIGUSR1 itself, so that it never opens the inspector.
'use strict';

process.on('SIGUSR1', () => console.log('reloaded'));
setInterval(() => {}, 1000);
console.log('ready');
