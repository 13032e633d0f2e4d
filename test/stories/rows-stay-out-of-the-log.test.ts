// The database names the row that it rejects, with the hash of a password. Responses and the log do not repeat it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backends, PASSWORD, type TestApp } from '../support/app.ts';

/** Names are sealed. A rule of the database can tell them apart only by their lengths. */
const lengthOf = (name: string) => `s2.1.${Buffer.alloc(28 + name.length).toString('base64url')}`.length;

describe.each(backends())('on $name, the log of a row that the database rejects', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
    await app.sql(
      `alter table users add constraint no_odd_names check (length(display_name) <> ${lengthOf('Odd Quillfeather')})`,
    );
    await app.sql(`create function fussy() returns trigger language plpgsql as $$ begin
      if length(new.display_name) = ${lengthOf('Twin Quillfeather')} then select email_index into new.email_index from users; end if;
      if length(new.display_name) = ${lengthOf('Fussy Quillfeather')} then
        raise exception 'not this one' using detail = new.password_hash, hint = new.email_sealed;
      end if;
      return new;
    end $$`);
    await app.sql('create trigger fussy before insert on users for each row execute function fussy()');
  });
  afterAll(() => app.close());

  let addresses = 0;
  /** The log of a registration that the database rejects. */
  async function refusal(displayName: string) {
    const requestId = `a-row-that-is-refused-${++addresses}`;
    const before = app.log.length;
    const answer = await app.graphql(
      'mutation ($input: RegisterInput!) { register(input: $input) { __typename } }',
      { input: { email: `persephone-${addresses}@example.com`, password: PASSWORD, displayName } },
      { headers: { 'x-request-id': requestId } },
    );
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId });
    const lines = app.log.slice(before);
    const logged = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'unexpected error');
    return { text: lines.join(''), err: logged.err };
  }

  const expectNoRow = (text: string) => {
    expect(text).not.toMatch(/argon2|Failing row|already exists|Key \(|persephone|usr_|detail|hint/i);
    expect(text).not.toMatch(/\\x[0-9a-f]{8}/); // How PostgreSQL writes the blind index of an address.
  };

  test('as a duplicate names only the type, the SQLSTATE and the constraint', async () => {
    await app.admin(); // The trigger gives the new row the address of the administrator.
    const { text, err } = await refusal('Twin Quillfeather');
    expect(err).toMatchObject({
      type: 'UniqueConstraintViolationException',
      code: '23505',
      constraint: 'users_email_index_key',
      message: 'duplicate key value violates unique constraint "users_email_index_key"',
    });
    expect(err.stack).toMatch(/^\w+: duplicate key.*\n +at /);
    expect(text).not.toContain('Quillfeather');
    expectNoRow(text);
  });

  test('for its values names only the type, the SQLSTATE and the constraint', async () => {
    const { text, err } = await refusal('Odd Quillfeather');
    expect(err).toMatchObject({
      type: 'CheckConstraintViolationException',
      code: '23514',
      constraint: 'no_odd_names',
      message: 'new row for relation "users" violates check constraint "no_odd_names"',
    });
    expect(text).not.toContain('Quillfeather');
    expectNoRow(text);
  });

  test('in a trigger has the message of the trigger, without its detail and its hint', async () => {
    const { text, err } = await refusal('Fussy Quillfeather');
    expect(err).toMatchObject({ type: 'DriverException', code: 'P0001', message: 'not this one' });
    expect(text).not.toContain('Quillfeather');
    expectNoRow(text);
  });
});
