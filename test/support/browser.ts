// A browser of this machine, for tests of what runs in a page.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const MISSING = `a browser (apt-get install chromium, or any of ${NAMES.join(', ')} in PATH)`;

/** Starts the browser. `close` also deletes its profile. */
export type LaunchBrowser = () => Promise<{ browser: Browser; close: () => Promise<void> }>;

/** How to start a browser; null if this machine has none, which is printed and is an error in CI. */
export function browserFor(what: string): LaunchBrowser | null {
  const executablePath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((directory) => NAMES.map((name) => join(directory, name)))
    .find((path) => existsSync(path));
  if (executablePath) return () => launch(executablePath);
  if (process.env.CI) throw new Error(`Nothing is skipped in CI, and this machine lacks ${MISSING}.`);
  process.stderr.write(`SKIPPED: ${what} in a browser. To run it: ${MISSING}\n`);
  return null;
}

async function launch(executablePath: string) {
  const profile = mkdtempSync(join(tmpdir(), 'rekey-browser-'));
  const browser = await chromium.launch({
    executablePath,
    env: { ...process.env, HOME: profile },
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--no-first-run'],
    ],
  });
  const close = async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { browser, close };
}
