import { Argument, Command, Option } from 'commander';
import { allUsers, findUserByEmail } from '../accounts/account.queries.ts';
import type { User } from '../accounts/user.entity.ts';
import type { App } from '../app.ts';
import type { UserRole } from '../identity/scope.ts';
import type { Receipt } from '../revocation/propagation-barrier.ts';
import { operatorWork, problemsOf } from './operator.ts';
import { readingApp, withApp } from './with-app.ts';

const ROLES: UserRole[] = ['MEMBER', 'ADMIN'];
const LAST_ADMINISTRATOR = new Error(
  'There would be no active administrator. Make another user an administrator first. No change was made.',
);

/** `rekey users`: manages accounts without a credential, for an operator with access to the database. */
export function usersCommand(): Command {
  return new Command('users')
    .description('list, invite, change and delete users')
    .addCommand(list())
    .addCommand(invite())
    .addCommand(resetPassword())
    .addCommand(setRole())
    .addCommand(disable())
    .addCommand(enable())
    .addCommand(remove());
}

function list(): Command {
  return new Command('list')
    .description('list all users, oldest first: id, role, state, email address, name')
    .action(async () => {
      await readingApp(async ({ database }) => {
        for await (const user of allUsers(database.fork())) {
          const columns = [user.id, user.role.padEnd(6), stateOf(user).padEnd(8), user.email, user.displayName];
          process.stdout.write(`${columns.join('  ')}\n`);
        }
      });
    });
}

function invite(): Command {
  return new Command('invite')
    .description('create an account, and print the token with which its user sets a password; or replace the token')
    .addArgument(emailArgument())
    .requiredOption('--display-name <name>', 'name to show to other users, 1 to 100 characters')
    .addOption(new Option('--role <role>', 'role of the user').choices(ROLES).default('MEMBER'))
    .action(async (email: string, { displayName, role }: { displayName: string; role: UserRole }) => {
      const input = { email, displayName, role, permissions: [], workspaceIds: [] };
      const outcome = await withApp((app) =>
        app.services.invitations.invite(operatorWork(app, 'rekey users invite'), input),
      );
      switch (outcome.kind) {
        case 'invited':
          return printToken(outcome.invitationToken, {
            what: `Invited ${email} (${outcome.user.id}).`,
            mutation: 'acceptInvitation',
            expiresAt: outcome.expiresAt,
          });
        case 'emailTaken':
          throw new Error(`An account with the email address ${email} already exists. No change was made.`);
        case 'workspaceNotFound':
          throw new Error('A workspace of the invitation does not exist.');
        case 'invalidInput':
          throw problemsOf(outcome);
      }
    });
}

function resetPassword(): Command {
  return new Command('reset-password')
    .description('print a token with which the user sets a new password')
    .addArgument(emailArgument())
    .action((email: string) =>
      withUser(email, async (app, { id }) => {
        const work = operatorWork(app, 'rekey users reset-password');
        const outcome = await app.services.passwordResets.create(work, id);
        if (outcome.kind === 'userNotFound')
          throw new Error(`${email} has not accepted the invitation. Run \`rekey users invite\` again.`);
        printToken(outcome.resetToken, {
          what: `Created a password reset for ${email} (${id}).`,
          mutation: 'resetPassword',
          expiresAt: outcome.expiresAt,
        });
      }),
    );
}

function setRole(): Command {
  return new Command('set-role')
    .description('change the role of a user; a demotion narrows all credentials of the user')
    .addArgument(emailArgument())
    .addArgument(new Argument('<role>', 'new role').choices(ROLES))
    .action((email: string, role: UserRole) =>
      withUser(email, async (app, { id: userId }) => {
        const outcome = await app.services.users.update(operatorWork(app, 'rekey users set-role'), { userId, role });
        switch (outcome.kind) {
          case 'updated':
            return print(`${email} has the role ${role}`, outcome.receipt);
          case 'lastAdministrator':
            throw LAST_ADMINISTRATOR;
          case 'userNotFound':
          case 'emailTaken':
            throw unknownUser(email);
          case 'invalidInput':
            throw problemsOf(outcome);
        }
      }),
    );
}

function disable(): Command {
  return new Command('disable')
    .description('disable an account: all of its credentials are rejected')
    .addArgument(emailArgument())
    .action((email: string) =>
      withUser(email, async (app, { id }) => {
        const outcome = await app.services.users.disable(operatorWork(app, 'rekey users disable'), id);
        switch (outcome.kind) {
          case 'disabled':
            return print(`${email} is disabled`, outcome.receipt);
          case 'lastAdministrator':
            throw LAST_ADMINISTRATOR;
          case 'userNotFound':
            throw unknownUser(email);
        }
      }),
    );
}

function enable(): Command {
  return new Command('enable')
    .description('enable a disabled account; its sessions stay revoked')
    .addArgument(emailArgument())
    .action((email: string) =>
      withUser(email, async (app, { id }) => {
        const outcome = await app.services.users.enable(operatorWork(app, 'rekey users enable'), id);
        if (outcome.kind === 'userNotFound') throw unknownUser(email);
        print(`${email} is enabled`);
      }),
    );
}

function remove(): Command {
  return new Command('delete')
    .description('delete an account with its sessions, API keys and personal data')
    .addArgument(emailArgument())
    .requiredOption('--yes', 'confirm: a deletion cannot be undone')
    .action((email: string) =>
      withUser(email, async (app, { id }) => {
        const outcome = await app.services.users.delete(operatorWork(app, 'rekey users delete'), id);
        switch (outcome.kind) {
          case 'deleted':
            return print(`${email} (${id}) is deleted`, outcome.receipt);
          case 'lastAdministrator':
            throw LAST_ADMINISTRATOR;
          case 'lastOwner':
            throw new Error(
              `${email} is the last owner of ${outcome.workspaceIds.join(', ')}. Make another member an owner first, or delete the workspace. No change was made.`,
            );
          case 'userNotFound':
            throw unknownUser(email);
        }
      }),
    );
}

const emailArgument = () => new Argument('<email>', 'email address of the user');

function withUser(email: string, work: (app: App, user: User) => Promise<void>): Promise<void> {
  return withApp(async (app) => {
    const user = await findUserByEmail(app.database.fork(), app.services.emails.indexes(email));
    if (!user) throw unknownUser(email);
    await work(app, user);
  });
}

function unknownUser(email: string): Error {
  return new Error(`There is no user with the email address ${email}. Run \`rekey users list\` to list all users.`);
}

function stateOf(user: User): string {
  if (user.disabledAt) return 'disabled';
  return user.invitedAt ? 'invited' : 'active';
}

/** Explains on standard error, so that a script reads the token alone from standard output. */
function printToken(
  token: string,
  { what, mutation, expiresAt }: { what: string; mutation: string; expiresAt: Date },
): void {
  process.stderr.write(
    `${what} Give this token to the user, for the mutation \`${mutation}\`. It works once, until ${expiresAt.toISOString()}.\n`,
  );
  process.stdout.write(`${token}\n`);
}

function print(what: string, receipt: Receipt | null = null): void {
  const proof = receipt
    ? `; ${receipt.acknowledged} of ${receipt.replicas} replicas confirmed, ${receipt.left} left (${receipt.propagation})`
    : '';
  process.stdout.write(`${what}${proof}.\n`);
}
