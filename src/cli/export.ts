import { closeSync, openSync, writeFileSync } from 'node:fs';
import { Argument, Command } from 'commander';
import { allUsers } from '../accounts/account.queries.ts';
import { isReserved } from '../accounts/email.ts';
import { User } from '../accounts/user.entity.ts';
import { ApiKey } from '../api-keys/api-key.entity.ts';
import type { App } from '../app.ts';
import { effectivePermissions } from '../identity/permission.ts';
import { effectiveScopes } from '../identity/scope.ts';
import { operatorWork } from './operator.ts';
import { print } from './print.ts';
import { withApp } from './with-app.ts';

const PAGE = 500;

/** `rekey export`: writes keys or users in the format that `rekey import` reads. */
export function exportCommand(): Command {
  return new Command('export')
    .description('export API keys or users with their hashes, as JSON lines that `rekey import` reads')
    .addCommand(
      kind('keys', 'export the valid API keys with the hashes of their secrets', {
        records: exportedKeys,
        record: (app, count) => app.imports.keys.recordExport(operatorWork(app, 'rekey export keys'), count),
      }),
    )
    .addCommand(
      kind('users', 'export the users who are not disabled, with the hashes of their passwords', {
        records: exportedUsers,
        record: (app, count) => app.imports.users.recordExport(operatorWork(app, 'rekey export users'), count),
      }),
    );
}

interface Exported {
  records: (app: App) => AsyncGenerator<object>;
  record: (app: App, count: number) => Promise<void>;
}

function kind(name: string, description: string, { records, record }: Exported): Command {
  return new Command(name)
    .description(description)
    .addArgument(new Argument('[file]', 'new file, which only its owner can read; left out: standard output'))
    .action((path: string | undefined) =>
      withApp(async (app) => {
        // Before the file is made, and before anything is read out: an export without an audit event does not happen.
        let count = 0;
        for await (const _ of records(app)) count++;
        await record(app, count);
        const file = path === undefined ? null : openNew(path);
        try {
          for await (const each of records(app)) {
            const line = JSON.stringify(each);
            if (file === null) await print(line);
            else writeFileSync(file, `${line}\n`);
          }
        } finally {
          if (file !== null) closeSync(file);
        }
        process.stderr.write(`Exported ${count} ${name}.\n`);
      }),
    );
}

/** @throws Error if the file exists: users other than its owner could be able to read it */
function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Error(`The file ${path} exists already. Name a new file. Nothing was written.`);
  }
}

async function* exportedKeys({ database, databaseClock, services }: App): AsyncGenerator<object> {
  const em = database.fork();
  const now = databaseClock.now();
  for (let last = ''; ; ) {
    const page = await em.find(ApiKey, { id: { $gt: last } }, { orderBy: { id: 'asc' }, limit: PAGE });
    const userIds = [...new Set(page.map(({ userId }) => userId).filter((id) => id !== null))];
    const users = await em.find(User, { id: { $in: userIds }, disabledAt: null, invitedAt: null });
    const byId = new Map(users.map((user) => [user.id, user]));
    for (const key of page) {
      const owner = key.userId === null ? null : byId.get(key.userId);
      // Keys of a disabled user are not valid. The canary has a reserved address.
      if (key.revokedAt || key.isExpired(now) || owner === undefined || (owner && isReserved(owner.email))) continue;
      const metadata = await services.apiKeyMetadata.open(key, database.reads);
      yield {
        name: key.name,
        ...(owner === null ? {} : { owner: owner.email }),
        ...(key.workspaceId === null ? {} : { workspace: key.workspaceId }),
        hash: key.secretHash,
        hint: key.hint,
        // What the owner does not hold any more cannot be imported.
        permissions: owner === null ? key.permissions : effectivePermissions(key.permissions, owner),
        scopes: owner === null ? key.scopes : effectiveScopes(key.scopes, owner.role),
        ...(key.endsAt === null ? {} : { expiresAt: key.endsAt.toISOString() }),
        ...(key.description === null ? {} : { description: key.description }),
        ...(metadata.length === 0
          ? {}
          : { metadata: Object.fromEntries(metadata.map((each) => [each.key, each.value])) }),
        allowedAddresses: key.allowedAddresses,
        ...(key.rateLimit === null ? {} : { rateLimit: key.rateLimit }),
      };
    }
    if (page.length < PAGE) return;
    last = page.at(-1)!.id;
    em.clear();
  }
}

async function* exportedUsers({ database }: App): AsyncGenerator<object> {
  for await (const user of allUsers(database.fork())) {
    const { email } = user;
    if (user.disabledAt || user.invitedAt || isReserved(email)) continue;
    const { displayName, passwordHash, role, permissions } = user;
    yield { email, displayName, ...(passwordHash === '' ? {} : { passwordHash }), role, permissions };
  }
}
