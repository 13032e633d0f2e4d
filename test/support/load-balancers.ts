// Load balancers as operators run them: the real program with the files in src/http/README.md, before several replicas.
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import {
  fileInReadme,
  GATEWAYS,
  type Gateway,
  type GatewayKind,
  localName,
  NGINX_IN_ITS_DIRECTORY,
  runGateway,
} from './gateways.ts';
import { freePort } from './ports.ts';

const kind = (name: string) => GATEWAYS.find((each) => each.name === name)!;

export const LOAD_BALANCERS: GatewayKind[] = [
  { ...kind('HAProxy'), files: ['/etc/haproxy/rekey.cfg'] },
  { ...kind('Caddy'), files: ['/etc/caddy/rekey.caddyfile'] },
  {
    ...kind('nginx'),
    files: ['/etc/nginx/conf.d/rekey.conf'],
    adapt: (text, { port }) =>
      `events {}\nhttp {\n${NGINX_IN_ITS_DIRECTORY}\n${text.replace('listen 80;', `listen 127.0.0.1:${port};`)}}\n`,
  },
];

export interface LoadBalancer extends Gateway {
  readonly name: string;
}

/** Starts a load balancer with the file of README. Only addresses and paths are adapted to this machine. */
export async function startLoadBalancer(of: GatewayKind, ports: readonly number[]): Promise<LoadBalancer> {
  const directory = await mkdtemp('/tmp/rekey-balancer-');
  await chmod(directory, 0o755); // The workers of a load balancer that root starts run as another user.
  const place = { directory, port: await freePort() };
  const here = of
    .adapt(fileInReadme(of.files[0]!), place)
    .replace(/rekey-(\d)\.internal:4000/g, (_, number) => `127.0.0.1:${ports[Number(number) - 1]}`);
  await writeFile(localName(of.files[0]!, directory), here);
  return { ...(await runGateway(of, place)), name: of.name };
}
