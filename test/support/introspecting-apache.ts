// Apache with mod_auth_openidc, as an OAuth 2.0 resource server with the file in src/http/README.md. The module speaks
// only TLS to the service, so a proxy with a certificate of its own is between them.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { APACHE_MODULES, apacheAround, type GatewayKind } from './gateways.ts';

const MODULES = ['authn_core', 'auth_openidc'];
const CALLER = { id: 'key_01M8…', secret: 'rka_…' };

export const INTROSPECTING_APACHE = {
  name: 'mod_auth_openidc',
  program: 'apache2',
  packages: 'libapache2-mod-auth-openidc openssl',
  needs: [join(APACHE_MODULES, 'mod_auth_openidc.so'), '/usr/bin/openssl'],
  files: ['/etc/apache2/sites-available/introspection.conf'],
} as const;

/** The gateway for this way to Rekey, with the credential that it introspects with. */
export function introspectingApache(tls: Tls, caller: { id: string; secret: string }): GatewayKind {
  return {
    ...INTROSPECTING_APACHE,
    adapt: (text, place) =>
      `${apacheAround(place, MODULES)}\nOIDCCABundlePath ${tls.certificate}\n${text}`
        .replace('<VirtualHost *:80>', `<VirtualHost 127.0.0.1:${place.port}>`)
        .replace('https://rekey.internal', tls.url)
        .replace(CALLER.id, caller.id)
        .replace(CALLER.secret, caller.secret),
    argv: (configuration, { directory }) => ['-d', directory, '-f', configuration, '-DFOREGROUND'],
  };
}

export interface Tls {
  readonly url: string;
  /** The path of its certificate. */
  readonly certificate: string;
  close(): Promise<void>;
}

/** Ends TLS before the service at this address. */
export async function startTls(origin: string): Promise<Tls> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-tls-'));
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  execFileSync('chmod', ['-R', 'a+rX', directory]); // The workers of an Apache that root starts run as another user.
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (client) => {
    const upstream = connect(Number(new URL(origin).port), '127.0.0.1');
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
