// The verifier of the client package, with a service in this process: what an answer from its memory costs.
import { setTimeout as sleep } from 'node:timers/promises';
import { createVerifier } from '../../src/client/verifier.ts';
import { sha256Base64url } from '../../src/crypto/hash.ts';
import { makeSecret } from '../../src/crypto/secret-text.ts';
import { HITS_A_ROUND } from './in-process.ts';
import { interleave, perAwaitedCall, perCall } from './interleave.ts';
import type { Report } from './main.ts';

const KEYS = 1000;
const YES = {
  ...{ 'x-rekey-credential': 'key_1', 'x-rekey-user': 'usr_1', 'x-rekey-workspace': '-', 'x-rekey-scopes': '-' },
  ...{ 'x-rekey-permissions': '-', 'x-rekey-expires': '-', 'x-rekey-position': '1' },
};

export async function verifier(): Promise<Report> {
  let verifications = 0;
  const fetch: typeof globalThis.fetch = async (input) => {
    const url = new URL(String(input));
    if (url.pathname === '/v1/revocations') {
      await sleep(Number(url.searchParams.get('wait') ?? 0));
      return Response.json({ position: '1', events: [], more: false, view: 'all' });
    }
    verifications++;
    return new Response(null, { status: 204, headers: YES });
  };
  const verify = createVerifier({ url: 'http://rekey.internal', credential: 'rka_introspection', fetch });
  const secrets = Array.from({ length: KEYS }, () => makeSecret('rka'));
  const bare = new Map(secrets.map((secret) => [sha256Base64url(secret), {}]));
  try {
    await verify(secrets[0]!);
    await sleep(100); // Nothing is kept before the first poll is answered.
    for (const secret of secrets) await verify(secret);
    const before = verifications;
    const clientAddress = '192.0.2.1';
    for (const secret of secrets) await verify(secret, { clientAddress });
    const samples = await interleave(
      {
        hit: perAwaitedCall(HITS_A_ROUND, (index) => verify(secrets[index % KEYS]!)),
        address: perAwaitedCall(HITS_A_ROUND, (index) => verify(secrets[index % KEYS]!, { clientAddress })),
        bare: perCall(HITS_A_ROUND, (index) => bare.get(sha256Base64url(secrets[index % KEYS]!))),
      },
      { rounds: 1000, warmUp: 200, longestMs: 40_000 },
    );
    const unit = 'µs';
    return {
      rows: [
        { what: 'verifier, a hit', unit, samples: samples.hit, target: { atMost: 2 } },
        { what: 'verifier, a hit with the address of a client', unit, samples: samples.address, target: { atMost: 2 } },
        { what: 'bare: SHA-256 and one lookup in a Map', unit, samples: samples.bare },
      ],
      notes: [`verifications that reached the service meanwhile: ${verifications - before - KEYS}`],
    };
  } finally {
    verify.close();
  }
}
