import type { DaemonToken } from '../../daemon-tokens/daemon-token.entity.ts';

export type DaemonTokenMapper = DaemonToken;
