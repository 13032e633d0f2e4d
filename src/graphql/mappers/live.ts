import type { RevocationEvent } from '../../revocation/revocation-event.ts';

export type RevocationEventMapper = RevocationEvent;
