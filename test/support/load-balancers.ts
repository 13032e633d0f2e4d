// Load balancers as operators run them: the real program with the files in src/http/README.md, before several replicas.
import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
import { until } from './until.ts';

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
  /** What README says to do before this replica restarts. HAProxy and Caddy need nothing: they ask for `/readyz`. */
  takeOut(port: number): Promise<void>;
  /** What README says to do after it has restarted. */
  putBack(port: number): Promise<void>;
}

/** Starts a load balancer with the file of README. Only addresses and paths are adapted to this machine. */
export async function startLoadBalancer(of: GatewayKind, ports: readonly number[]): Promise<LoadBalancer> {
  const directory = await mkdtemp('/tmp/rekey-balancer-');
  await chmod(directory, 0o755); // The workers of a load balancer that root starts run as another user.
  const place = { directory, port: await freePort() };
  const here = of
    .adapt(fileInReadme(of.files[0]!), place)
    .replace(/rekey-(\d)\.internal:4000/g, (_, number) => `127.0.0.1:${ports[Number(number) - 1]}`);
  const file = localName(of.files[0]!, directory);
  await writeFile(file, here);
  const gateway = await runGateway(of, place);
  const isAutomatic = of.program !== 'nginx';
  return {
    ...gateway,
    name: of.name,
    async takeOut(port) {
      if (isAutomatic) return;
      const server = `server 127.0.0.1:${port}`;
      await reloadNginx(directory, file, here.replace(`${server};`, `${server} down;`));
    },
    async putBack() {
      if (!isAutomatic) await reloadNginx(directory, file, here);
    },
  };
}

/** Reloads nginx with this configuration. Returns when the workers from before have ended. */
async function reloadNginx(directory: string, file: string, text: string): Promise<void> {
  const master = (await readFile(join(directory, 'nginx.pid'), 'utf8')).trim();
  const workers = async () => (await readFile(`/proc/${master}/task/${master}/children`, 'utf8')).trim().split(' ');
  const before = await workers();
  await writeFile(file, text);
  process.kill(Number(master), 'SIGHUP');
  await until('the workers from before have ended', async () => {
    const now = await workers();
    return !before.some((worker) => now.includes(worker));
  });
}
