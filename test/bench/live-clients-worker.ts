// Opens live connections and reads them in a thread of its own. See `startLiveClients`.
import { parentPort, workerData } from 'node:worker_threads';
import { openLiveClients } from './live-clients.ts';

await openLiveClients(workerData.url, workerData.secrets);
parentPort?.postMessage('open');
