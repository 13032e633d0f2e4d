import type { Keyring } from './keyring.ts';
import { open, seal } from './seal.ts';

/** The data key that is wrapped. `wrap` and `unwrap` need the same tenant and version. */
export interface WrappedFor {
  readonly tenant: string;
  readonly version: number;
}

/** Wraps the data keys: with the master key in this process, or with a key management service. */
export interface KeyManagement {
  /** The name of the key that wraps now, as `wrappedBy` returns it. */
  readonly current: string;
  /** Encrypts the bytes of a data key with the current master key. */
  wrap(of: WrappedFor, key: Buffer): Promise<string>;
  /**
   * @throws SealError if the master key is not configured, or if this is not the wrapped key of that tenant and version
   */
  unwrap(of: WrappedFor, wrapped: string): Promise<Buffer>;
  /** The name of the master key that has wrapped this data key. */
  wrappedBy(wrapped: string): string;
}

/** Wraps with the master keys of the configuration. */
export function localKeyManagement(keyring: Keyring): KeyManagement {
  return {
    current: keyring.current.version,
    wrap: async (of, key) => seal(keyring, { ...boundTo(of), plaintext: key }),
    unwrap: async (of, wrapped) => open(keyring, { ...boundTo(of), sealed: wrapped }),
    wrappedBy: (wrapped) => wrapped.split('.')[1] ?? '',
  };
}

function boundTo({ tenant, version }: WrappedFor) {
  return { purpose: 'data-key', aad: JSON.stringify([tenant, version]) };
}
