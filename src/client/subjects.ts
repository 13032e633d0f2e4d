import { fromBase64url } from './bytes.ts';
import type { Verified } from './verification.ts';

/** An event of `/v1/revocations`, as far as it matters here. */
export interface RevocationEvent {
  sequence: bigint;
  kind: string;
  credentialId: string;
  workspaceId: string | null;
}

// The names of the subjects on which a kept answer depends. An id names its kind by its prefix.
const memberOf = (workspaceId: string, userId: string) => `member ${workspaceId} ${userId}`;
const daemonsOf = (workspaceId: string) => `daemons ${workspaceId}`;
const accessToken = (jti: string) => `jti ${jti}`;

/** The subject that an event is about; null for everything, and for a kind that this version does not know. */
export function subjectOf({ kind, credentialId, workspaceId }: RevocationEvent): string | null {
  switch (kind) {
    case 'API_KEY':
    case 'DAEMON_TOKEN':
    case 'SESSION':
    case 'SIGNING_KEY':
    case 'USER':
    case 'WORKSPACE':
      return credentialId;
    case 'ACCESS_TOKEN':
      return accessToken(credentialId);
    case 'WORKSPACE_MEMBER':
      return workspaceId === null ? null : memberOf(workspaceId, credentialId);
    case 'DAEMON':
      return workspaceId === null ? null : daemonsOf(workspaceId);
    default:
      return null;
  }
}

/** The subjects on which an answer depends; null if they cannot be known, so that the answer must not be kept. */
export function subjectsOf(secret: string, { credentialId, userId, workspaceId }: Verified): readonly string[] | null {
  const subjects = [credentialId];
  if (userId !== null) subjects.push(userId);
  if (workspaceId !== null) subjects.push(workspaceId);
  if (workspaceId !== null && userId !== null) subjects.push(memberOf(workspaceId, userId));
  // The answer does not name the daemon, so an event about one daemon concerns all of its workspace.
  if (credentialId.startsWith('dmn_')) {
    if (workspaceId === null) return null;
    subjects.push(daemonsOf(workspaceId));
  }
  if (credentialId.startsWith('ses_')) {
    const jti = jtiOf(secret);
    if (jti === null) return null;
    subjects.push(accessToken(jti));
  }
  return subjects;
}

/** The claim `jti` of an access token; null if the text is none. */
function jtiOf(secret: string): string | null {
  try {
    const { jti } = JSON.parse(fromBase64url(secret.split('.')[1]!));
    return typeof jti === 'string' ? jti : null;
  } catch {
    return null;
  }
}
