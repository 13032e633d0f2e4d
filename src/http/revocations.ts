import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate } from '../credentials/authenticator.ts';
import type { AcceptedCredential } from '../credentials/cached-credential.ts';
import { AccessError, credentialMissing } from '../identity/access-error.ts';
import type { LiveConnection } from '../live/live-connection.ts';
import type { LiveConnections } from '../live/live-connections.ts';
import { requireView, viewOf } from '../live/visible-revocations.ts';
import { type EventLog, type EventPage, PositionError } from '../revocation/event-log.ts';
import type { RevocationEvent } from '../revocation/revocation-event.ts';
import type { RevocationView } from '../revocation/revocation-view.ts';
import { type RefusedLater, respondAccessError, respondJson } from './respond.ts';

const MOST_EVENTS = 1000;
const LONGEST_WAIT_MS = 10_000;

export interface RevocationsOptions {
  authenticate: Authenticate;
  log: EventLog;
  live: LiveConnections;
  addressOf: (request: IncomingMessage) => string;
  refusedLater: RefusedLater;
}

/** What a poll asks for. */
interface Poll {
  after: number | null;
  waitMs: number;
}

/**
 * The feed of revocations as a long poll, for followers in any language: `GET /v1/revocations?after=POSITION&wait=MS`.
 *
 * `position` in the response proves that every revocation that was answered before the request was sent is at or before
 * it. So a follower that keeps answers of `/v1/introspect` measures only with its own clock, from the moment at which it
 * sent the request.
 */
export function createRevocations({ authenticate, log, live, addressOf, refusedLater }: RevocationsOptions) {
  const poll = async (
    request: IncomingMessage,
    response: ServerResponse,
    { accepted, after, waitMs }: Poll & { accepted: AcceptedCredential },
  ): Promise<void> => {
    const view = viewOf(accepted.principal);
    if (after === null) return respond(response, view, { events: [], position: log.position(), more: false });
    await log.positionFrom(after);
    const page = await log.read(view, after, MOST_EVENTS);
    if (page.events.length > 0 || waitMs === 0) return respond(response, view, page);
    if (response.destroyed) return; // The client has gone, and will not go again.
    const connection = live.admit('poll', addressOf(request));
    try {
      connection.authenticate(accepted, request);
      connection.require(requireView(view));
      const later = await waitForPage({ connection, log, view, after: page.position, waitMs, response });
      if (!response.destroyed) respond(response, view, later);
    } finally {
      connection.release();
    }
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let isDecided = false;
    try {
      const accepted = await authenticate(request);
      isDecided = true;
      if (!accepted) throw credentialMissing();
      const asked = readQuery(request.url!);
      if ('problem' in asked) {
        return respondJson(response, 400, { error: 'invalid_request', error_description: asked.problem });
      }
      await poll(request, response, { accepted, ...asked });
    } catch (error) {
      if (error instanceof PositionError) return respondPositionError(response, error);
      if (isDecided && error instanceof AccessError) refusedLater(request, error);
      respondAccessError(response, error);
    }
  };
}

/**
 * Waits for an event, for the end of the wait, for the client to go, or for this replica to stop.
 *
 * @throws AccessError if the connection has ended because of its credential
 */
async function waitForPage(options: {
  connection: LiveConnection;
  log: EventLog;
  view: RevocationView;
  after: number;
  waitMs: number;
  response: ServerResponse;
}): Promise<EventPage> {
  const { connection, log, view, waitMs, response } = options;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const late = AbortSignal.timeout(waitMs);
  const signal = AbortSignal.any([late, gone.signal, connection.signal]);
  let page: EventPage = { events: [], position: options.after, more: false };
  do {
    await log.waitForEvent(view, page.position, signal);
    // The event may have ended the caller's own credential.
    await connection.mayDeliver();
    if (connection.ended instanceof AccessError) throw connection.ended;
    page = await log.read(view, page.position, MOST_EVENTS);
  } while (page.events.length === 0 && !signal.aborted);
  return page;
}

function respond(response: ServerResponse, view: RevocationView, { position, events, more }: EventPage): void {
  respondJson(response, 200, { position: String(position), view: view.name, events: events.map(describe), more });
}

/** An event as JSON, with the fields of `RevocationEvent`. */
function describe(event: RevocationEvent) {
  const { sequence, credentialId, kind, effect, reason, committedAt, userId, workspaceId, daemonId } = event;
  return { sequence: String(sequence), credentialId, kind, effect, reason, committedAt, userId, workspaceId, daemonId };
}

function respondPositionError(response: ServerResponse, { problem }: PositionError): void {
  if (problem === 'too old') {
    const error_description =
      'The log does not reach back to `after`. Forget what you have cached, and ask again without `after`.';
    return respondJson(response, 410, { error: 'position_too_old', error_description });
  }
  respondJson(response, 400, { error: 'invalid_request', error_description: '`after` is beyond the end of the log.' });
}

/** Reads the parameters, or tells what is wrong with them. A parameter that is misspelled must not be ignored. */
function readQuery(url: string): Poll | { problem: string } {
  const query = url.indexOf('?');
  const given = new URLSearchParams(query < 0 ? '' : url.slice(query));
  for (const name of given.keys()) {
    if (name !== 'after' && name !== 'wait') return { problem: 'Allowed parameters: `after` and `wait`.' };
    if (given.getAll(name).length > 1) return { problem: `The parameter \`${name}\` must be given once.` };
  }
  const [after, wait] = [given.get('after'), given.get('wait') ?? '0'];
  if (after !== null && !/^\d{1,15}$/.test(after)) {
    return { problem: '`after` must be a position in the log: a whole number of at most 15 digits.' };
  }
  if (!/^\d{1,5}$/.test(wait) || Number(wait) > LONGEST_WAIT_MS) {
    return { problem: `\`wait\` must be a whole number of milliseconds from 0 to ${LONGEST_WAIT_MS}.` };
  }
  return { after: after === null ? null : Number(after), waitMs: Number(wait) };
}
