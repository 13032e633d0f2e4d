// One abusive client in a process of its own, until it is killed. See `abuse.ts`.
import { ABUSIVE_REQUESTS, AbusiveClient, ORDINARY, SLOW, slowClients } from '../support/abuse.ts';

const { url, name, perSecond } = JSON.parse(process.argv[2]!) as {
  url: string;
  name: string;
  perSecond: number | null;
};

const begin = SLOW[name as keyof typeof SLOW];
if (begin) {
  await slowClients(url, begin, { count: 500, everyMs: 100 });
  process.send?.('begun');
} else {
  const request = [ORDINARY, ...ABUSIVE_REQUESTS].find((each) => each.name === name);
  if (!request) throw new Error(`There is no request "${name}".`);
  const client = new AbusiveClient(url);
  const start = performance.now();
  for (let sent = 1; ; sent++) {
    const status = await client.send(request);
    if (status !== request.status && status !== 429) throw new Error(`${name}: status ${status}`);
    if (sent === 1) process.send?.('begun');
    const early = perSecond === null ? 0 : start + (sent * 1000) / perSecond - performance.now();
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
  }
}
