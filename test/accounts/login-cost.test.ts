import * as argon2 from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { backends, PASSWORD, type TestApp } from '../support/app.ts';

vi.mock('@node-rs/argon2', async (load) => {
  const argon2 = await load<typeof import('@node-rs/argon2')>();
  return { ...argon2, hash: vi.fn(argon2.hash), verify: vi.fn(argon2.verify) };
});

describe.each(backends())('the cost of a failed login on $name', ({ start }) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app.close());

  test('is the same for a wrong password, an unknown address, a disabled account and one without a password', async () => {
    const [member, disabled, withoutPassword] = [await app.register(), await app.register(), await app.register()];
    await app.mutate('disableUser', { userId: disabled.id }, '', { bearer: (await app.admin()).accessToken });
    await app.sql(`update users set password_hash = '' where id = ?`, [withoutPassword.id]);
    const costs = [];
    for (const [email, password] of [
      [member.email, 'wrong'],
      ['unknown@example.com', 'wrong'],
      ['unknown@example.com', PASSWORD],
      ['not an address', 'wrong'],
      [disabled.email, 'wrong'],
      [disabled.email, PASSWORD],
      [withoutPassword.email, ''],
      [withoutPassword.email, PASSWORD],
    ]) {
      vi.clearAllMocks();
      const result = await app.mutate('login', { email, password }, '');
      expect(result.__typename).toBe('InvalidCredentialsError');
      const verified = vi
        .mocked(argon2.verify)
        .mock.calls.map(([hash, text]) => [String(hash).split('$', 4).join('$'), text]);
      costs.push({ hashed: vi.mocked(argon2.hash).mock.calls.length, verified, password });
    }
    for (const { hashed, verified, password } of costs) {
      expect(hashed).toBe(0);
      expect(verified).toEqual([['$argon2id$v=19$m=19456,t=2,p=1', password]]);
    }
  });
});
