import type { EntityManager } from '@mikro-orm/sql';
import type { Audit } from '../audit/audit.ts';
import { importAll } from '../database/import-all.ts';
import type { UnitOfWork } from '../database/unit-of-work.ts';
import { batches } from '../kernel/batches.ts';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import type { Import, ImportCount, ImportOutcome } from '../kernel/import.ts';
import type { accountEvents } from './account.events.ts';
import { checkImportedUser, type UserToImport } from './account.input.ts';
import { findUsersByEmails } from './account.queries.ts';
import { type EmailIndex, trimEmail } from './email.ts';
import { User } from './user.entity.ts';

/** How many lines are checked and written together. */
const BATCH = 500;

export interface UserImportServiceOptions {
  emails: EmailIndex;
  audit: Audit<typeof accountEvents>;
  /** Database time. */
  clock: Pick<Clock, 'now'>;
}

/** Imports users from other systems with the hashes of their passwords, for the operator. */
export class UserImportService {
  readonly #options: UserImportServiceOptions;

  constructor(options: UserImportServiceOptions) {
    this.#options = options;
  }

  /** Imports all users of a file in one transaction, or none of them if a line is rejected. */
  run(unitOfWork: UnitOfWork, source: Import<UserToImport>): Promise<ImportOutcome> {
    return importAll(unitOfWork, source, (count) => this.#import(unitOfWork, source, count));
  }

  /** Records that the operator reads all users with their hashes. Call it before they are handed out. */
  async recordExport(unitOfWork: UnitOfWork, count: number): Promise<void> {
    await unitOfWork.transaction(async () => {
      this.#options.audit.record(unitOfWork, { type: 'account.exported', subjectId: newId('exp'), data: { count } });
    });
  }

  async #import(unitOfWork: UnitOfWork, source: Import<UserToImport>, count: ImportCount): Promise<void> {
    const { em } = unitOfWork;
    const now = this.#options.clock.now();
    await em.execute(`set local idle_in_transaction_session_timeout = '60s'`);
    for await (const batch of batches(source.lines(), BATCH)) {
      for (const user of await this.#usersOf(em, count.valuesOf(batch), { count, now })) em.persist(user);
      await em.flush();
      em.clear();
    }
    if (count.imported === 0) return;
    const data = { count: count.imported, format: source.format, fileSha256: source.sha256() };
    this.#options.audit.record(unitOfWork, { type: 'account.imported', subjectId: newId('imp'), data });
  }

  /** The users that can be imported. The other ones are rejected. */
  async #usersOf(
    em: EntityManager,
    candidates: readonly { line: number; value: UserToImport }[],
    { count, now }: { count: ImportCount; now: Date },
  ): Promise<User[]> {
    const { emails } = this.#options;
    // Users of earlier lines are among them: they were written in this transaction.
    const taken = await findUsersByEmails(
      em,
      emails,
      candidates.map(({ value }) => value.email),
    );
    const inBatch = new Set<string>();
    return candidates.flatMap(({ line, value }) => {
      const checked = checkImportedUser(value);
      const name = emails.nameOf(value.email);
      const isTaken = taken.has(value.email) || inBatch.has(name);
      if (typeof checked === 'string' || isTaken) {
        count.reject(line, typeof checked === 'string' ? checked : 'email: A user with this address exists already.');
        return [];
      }
      inBatch.add(name);
      count.imported++;
      return [this.#create(checked, now)];
    });
  }

  #create({ email, ...fields }: Exclude<ReturnType<typeof checkImportedUser>, string>, createdAt: Date): User {
    const id = newId('usr');
    const passwordImported = fields.passwordHash !== '';
    return User.create({ ...fields, email: trimEmail(email), id, passwordImported, createdAt });
  }
}
