import { IsolationLevel } from '@mikro-orm/core';
import { Command } from 'commander';
import { exportLines } from '../audit/export.ts';
import { Verification, type VerificationResult } from '../audit/verification.ts';
import { operatorWork } from './operator.ts';
import { print } from './print.ts';
import { Progress, showing } from './progress.ts';
import { readingApp, withApp } from './with-app.ts';

/** `rekey audit`: proves that the audit log was not changed, and exports it. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('verify the audit log, and export it')
    .addCommand(verify())
    .addCommand(exportLog());
}

function verify(): Command {
  return new Command('verify')
    .description(
      'check every event of the audit log; exit code 1 if an event was changed, removed, reordered or inserted',
    )
    .action(async () => {
      const result = await readingApp(({ database, sealer }) =>
        showing(new Progress('Checking', 'events'), (progress) => {
          const onProgress = (events: number) => progress.show(null, events);
          return new Verification({ fork: database.fork, sealer, onProgress }).run();
        }),
      );
      report(result);
    });
}

function report(result: VerificationResult): void {
  for (const { kind, chain, sequence, message } of result.problems) {
    const place = sequence === null ? '' : ` event ${sequence}`;
    process.stdout.write(`${kind} ${chain === '*' ? 'installation' : chain}${place}: ${message}\n`);
  }
  const more = result.problemCount - result.problems.length;
  if (more > 0) process.stdout.write(`And ${more} more.\n`);
  const { chains, events, checkpoints, erased, unsigned, unchained } = result;
  process.stdout.write(
    `Checked ${events} events in ${chains} chains with ${checkpoints} checkpoints. ${erased} personal fields are erased, ${unsigned} events are after the last checkpoint, ${unchained} are not chained yet.\n`,
  );
  if (result.problemCount > 0) throw new Error(`The audit log has ${result.problemCount} problems.`);
  process.stdout.write('The audit log holds.\n');
}

function exportLog(): Command {
  return new Command('export')
    .description('sign a checkpoint, and print the audit log as JSON lines that can be verified without the service')
    .option('--workspace <id>', 'the events of this workspace alone')
    .option('--personal', 'with addresses and user agents')
    .action(async ({ workspace = null, personal = false }: { workspace?: string | null; personal?: boolean }) => {
      await withApp(async (app) => {
        const { audit, database, sealer } = app;
        await audit.recordExport(operatorWork(app, 'rekey audit export'), { workspaceId: workspace, personal });
        await audit.chain.chain();
        await audit.checkpoints.sign({ all: true });
        const em = database.fork();
        await em.begin({ isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true });
        // The reader of the export may pause for as long as it likes.
        await em.execute('set local idle_in_transaction_session_timeout = 0');
        try {
          const lines = exportLines({ em, sealer, workspaceId: workspace, withPersonal: personal });
          for await (const line of lines) await print(line);
        } finally {
          await em.rollback();
        }
      });
    });
}
