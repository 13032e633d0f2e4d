// Which revocations a principal may follow.
import { describe, expect, test } from 'vitest';
import type { Principal } from '../../src/identity/principal.ts';
import type { Scope } from '../../src/identity/scope.ts';
import { requireView, viewOf } from '../../src/live/visible-revocations.ts';

const [USER, WORKSPACE] = ['usr_ann', 'wsp_acme'];

function principal(
  scopes: Scope[],
  { userId = USER as string | null, workspaceId = null as string | null } = {},
): Principal {
  return {
    kind: 'apiKey',
    credentialId: 'key_a',
    proof: 'a',
    userId,
    workspaceId,
    scopes,
    permissions: [],
    expiresAt: null,
  };
}

const [all, user, workspace] = [{ name: 'all' }, { name: 'user', id: USER }, { name: 'workspace', id: WORKSPACE }];
const bound = { workspaceId: WORKSPACE };
const forbidden = expect.objectContaining({ code: 'FORBIDDEN' });

describe('the view of', () => {
  test.each([
    ['a person', principal(['SESSIONS_READ']), user],
    ['an administrator', principal(['SESSIONS_READ', 'ADMIN']), all],
    ['a service that introspects', principal(['INTROSPECT']), all],
    ['a service without a user that introspects', principal(['INTROSPECT'], { userId: null }), all],
    ['a key that is bound to a workspace', principal(['SESSIONS_READ'], bound), workspace],
    ['a daemon', principal(['SESSIONS_READ'], { userId: null, ...bound }), workspace],
    ['a key of an administrator that is bound to a workspace', principal(['ADMIN', 'SESSIONS_READ'], bound), workspace],
    ['a bound key that introspects', principal(['INTROSPECT'], bound), workspace],
  ])('%s', (_who, who, view) => {
    expect(viewOf(who)).toEqual(view);
  });

  test.each([
    ['without a scope', principal([])],
    ['an administrator without the scope', principal(['ADMIN'])],
    ['without a user, a workspace and INTROSPECT', principal(['SESSIONS_READ'], { userId: null })],
  ])('%s: there is none', (_who, who) => {
    expect(() => viewOf(who)).toThrow(forbidden);
  });
});

describe('a stream', () => {
  test.each([
    ['goes on with the same view', principal(['SESSIONS_READ']), user, true],
    ['goes on if the caller sees more', principal(['SESSIONS_READ', 'INTROSPECT']), user, true],
    ['goes on if another scope gives the same view', principal(['INTROSPECT']), all, true],
    ['ends if the caller sees less', principal(['SESSIONS_READ']), all, false],
    ['ends without a scope', principal([]), user, false],
    [
      'ends if the credential now acts for another user',
      principal(['SESSIONS_READ'], { userId: 'usr_bob' }),
      user,
      false,
    ],
    ['ends if the credential was moved to a workspace', principal(['SESSIONS_READ'], bound), user, false],
    [
      'ends if the credential was moved to another workspace',
      principal(['INTROSPECT'], { workspaceId: 'wsp_b' }),
      workspace,
      false,
    ],
  ])('%s', (_what, now, view, goesOn) => {
    const check = () => requireView(view as never)(now);
    if (goesOn) check();
    else expect(check).toThrow(forbidden);
  });
});
