import cluster from 'node:cluster';
import { readConfig } from './config.ts';
import { BAD_CONFIGURATION, ConfigError } from './kernel/config-error.ts';
import { messageOf } from './kernel/message.ts';

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? '' : 'Rekey could not start: '}${messageOf(error)}\n`);
  process.exit(error instanceof ConfigError ? BAD_CONFIGURATION : 1);
}

/** The process: one replica, or the primary of several workers, or one of them. */
async function main(): Promise<void> {
  const config = readConfig();
  if (config.workers > 1 && cluster.isPrimary) {
    const { runWorkers } = await import('./process/workers.ts');
    return runWorkers(config);
  }
  const { WorkerChannel } = await import('./process/worker-channel.ts');
  const channel = cluster.isWorker ? await WorkerChannel.open() : null;
  const { runReplica } = await import('./process/replica.ts');
  return runReplica(config, channel);
}
