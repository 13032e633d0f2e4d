// A verifier that follows a service of the test, and one key.
import type { RekeyError } from '../../../src/client/error.ts';
import { type VerifierOptions, type VerifyOptions, verifierOf } from '../../../src/client/verifier.ts';
import { FakeService } from './fake-service.ts';
import { VirtualTime } from './virtual-time.ts';

export const URL_OF_SERVICE = 'http://rekey.internal:4000';
export const KEY = 'rka_a0000000000000000000000000000000000a';
export const USER = 'usr_1';
export const WORKSPACE = 'wsp_1';

/** A verifier that has begun to follow, and one key. */
export async function following(
  options: Partial<VerifierOptions> = {},
  given: { replicas?: number; position?: number } = { position: 7 },
) {
  const time = new VirtualTime();
  const service = new FakeService(time, given);
  service.credential(KEY, { credentialId: 'key_1', userId: USER, workspaceId: WORKSPACE, permissions: 'a,b' });
  const errors: RekeyError[] = [];
  const network = { fetch: service.fetch };
  const verify = verifierOf(
    { url: URL_OF_SERVICE, credential: 'rka_introspection', onError: (error) => errors.push(error), ...options },
    { fetch: (input, init) => network.fetch(input, init), monotonic: time.monotonic, pause: time.pause },
  );
  /** Verifies, and says whether the answer came from the service or from the memory. */
  const from = async (secret = KEY, options: VerifyOptions = {}) => {
    const before = service.verifications;
    const { ok } = await verify(secret, options);
    return `${ok ? 'yes' : 'no'} from ${service.verifications > before ? 'the service' : 'memory'}`;
  };
  await verify('rka_unknown'); // The first use. Nothing can be kept before the first poll is answered.
  await time.advance(100); // From now on, a poll waits at the service.
  return { time, service, network, verify, from, errors };
}
