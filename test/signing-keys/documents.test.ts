// The code that the documents show for signed requests, as readers copy it.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startTestApp } from '../support/app.ts';
import { digestOf } from '../support/signing.ts';

/** The block of a document in this language that contains this text. */
function blockOf(document: string, language: string, text: string): string {
  const whole = readFileSync(join(import.meta.dirname, '..', '..', document), 'utf8');
  const blocks = [...whole.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(
    ([, of, code]) => of === language && code!.includes(text),
  );
  expect(blocks).toHaveLength(1);
  return blocks[0]![2]!;
}

test.skipIf(process.platform !== 'linux').each(['bash', 'dash'])(
  'the example of schema/README.md signs a request with OpenSSL, in %s',
  async (shell) => {
    const app = await startTestApp();
    onTestFinished(() => app.close());
    const owner = await app.member();
    const { id, secret } = await app.signingKey(owner, await app.workspace(owner), { scopes: ['WORKSPACES_READ'] });
    const script = blockOf('schema/README.md', 'sh', 'SIGNING_SECRET');
    const env = { PATH: process.env.PATH, REKEY: app.url, SIGNING_KEY_ID: id, SIGNING_SECRET: secret };
    const { stdout } = await promisify(execFile)(shell, ['-euc', script], { env });
    expect(JSON.parse(stdout)).toEqual({ data: { viewer: { scopes: ['WORKSPACES_READ'] } } });
  },
);

test('the example of src/http/README.md compares a body with its declared digest', async () => {
  const code = blockOf('src/http/README.md', 'js', 'hasDeclaredDigest');
  const { hasDeclaredDigest } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  for (const body of ['', '{"n":1}', 'Grüße']) {
    expect(hasDeclaredDigest(Buffer.from(body), digestOf(body))).toBe(true);
    expect(hasDeclaredDigest(Buffer.from(body), `sha-512=:AAAA:, ${digestOf(body)}`)).toBe(true);
    expect(hasDeclaredDigest(Buffer.from(`${body} `), digestOf(body))).toBe(false);
    const other = digestOf('another');
    for (const header of [
      ...[undefined, '', 'sha-512=:AAAA:', digestOf(body).replace('256', '512'), digestOf(body).toUpperCase()],
      ...[`${other}, ${digestOf(body)}`, `${digestOf(body)}, ${other}`, `${digestOf(body)}, ${digestOf(body)}`],
      `sha-512=:AAAA:;p=", ${digestOf(body)}", ${other}`,
    ]) {
      expect(hasDeclaredDigest(Buffer.from(body), header)).toBe(false);
    }
  }
});
