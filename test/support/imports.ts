// Imports without a file: what a file would say, as values.
import type { UserToImport } from '../../src/accounts/account.input.ts';
import type { KeyToImport } from '../../src/api-keys/imported-key.input.ts';
import { operatorWork } from '../../src/cli/operator.ts';
import type { ImportOutcome } from '../../src/kernel/import.ts';
import type { TestApp } from './app.ts';

const KEY: KeyToImport = {
  ...{ name: 'imported', owner: null, workspaceId: null, secret: null, hash: null, hint: null, description: null },
  ...{ metadata: [], scopes: [], permissions: [], allowedAddresses: [], expiresAt: null, rateLimit: null },
};

const USER: UserToImport = { displayName: 'Ann', role: 'MEMBER', passwordHash: null, email: '', permissions: [] };

/** The outcome of an import, and why lines were rejected: number and reason. */
type Imported = ImportOutcome & { problems: [line: number, problem: string][] };

/** Imports these keys. What is left out is empty. */
export function importKeys(app: TestApp, keys: Partial<KeyToImport>[], { dryRun = false } = {}): Promise<Imported> {
  const values = keys.map((key) => ({ ...KEY, ...key }));
  return run(values, dryRun, (source) => app.app.imports.keys.run(operatorWork(app.app, 'test'), source));
}

/** Imports these users. */
export function importUsers(app: TestApp, users: Partial<UserToImport>[], { dryRun = false } = {}): Promise<Imported> {
  const values = users.map((user) => ({ ...USER, ...user }));
  return run(values, dryRun, (source) => app.app.imports.users.run(operatorWork(app.app, 'test'), source));
}

interface Source<Value> {
  lines(): AsyncIterable<{ line: number; value: Value }>;
  format: string;
  sha256(): string;
  dryRun: boolean;
  rejected(line: number, problem: string): void;
  progress(): void;
}

async function run<Value>(
  values: readonly Value[],
  dryRun: boolean,
  work: (source: Source<Value>) => Promise<ImportOutcome>,
): Promise<Imported> {
  const problems: [number, string][] = [];
  const outcome = await work({
    async *lines() {
      for (const [index, value] of values.entries()) yield { line: index + 1, value };
    },
    format: 'rekey',
    sha256: () => 'a'.repeat(64),
    dryRun,
    rejected: (line, problem) => void problems.push([line, problem]),
    progress: () => undefined,
  });
  return { ...outcome, problems };
}
