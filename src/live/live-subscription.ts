import type { Principal } from '../identity/principal.ts';
import type { LiveConnection } from './live-connection.ts';

/** One subscription of a live connection. A WebSocket has several. */
export class LiveSubscription {
  readonly #connection: LiveConnection;
  readonly #undo: (() => void)[] = [];

  constructor(connection: LiveConnection) {
    this.#connection = connection;
  }

  /** See `LiveConnection.require`. The check lasts as long as the subscription. */
  require(check: (principal: Principal) => void): void {
    this.#undo.push(this.#connection.require(check));
  }

  /** The subscription has ended. */
  release(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}
