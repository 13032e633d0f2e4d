#!/usr/bin/env node
// Node 24 or newer runs TypeScript directly. In an older Node, this script starts the Node that `npm ci` installed. The
// npm scripts find that Node themselves.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// `bootstrap` asks for a password, and the program takes a while to load: from here on, the terminal shows nothing of
// what is typed. `HiddenInput` reads it; Node restores the terminal when it exits.
if (process.argv[2] === 'bootstrap' && process.stdin.isTTY) process.stdin.setRawMode(true);

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const bundled = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main);
} else if (existsSync(bundled)) {
  const { status } = spawnSync(bundled, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
} else {
  process.stderr.write(
    `Rekey requires Node 24 or newer. This is Node ${process.versions.node}. Run \`npm ci\`, which installs it.\n`,
  );
  process.exit(1);
}
