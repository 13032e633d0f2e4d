import { serializeDictionary, Token } from 'structured-headers';
import type { Receipt } from '../revocation/propagation-barrier.ts';

/**
 * A receipt as a dictionary of RFC 9651: `sequence=123, propagation=acknowledged, replicas=3, acknowledged=3, left=0,
 * settled-ms=7.9`.
 */
export function receiptHeader(receipt: Receipt): { 'X-Rekey-Receipt': string } {
  const propagation = receipt.propagation === 'ACKNOWLEDGED' ? 'acknowledged' : 'lease-expired';
  return {
    'X-Rekey-Receipt': serializeDictionary({
      sequence: Number(receipt.sequence),
      propagation: new Token(propagation),
      replicas: receipt.replicas,
      acknowledged: receipt.acknowledged,
      left: receipt.left,
      'settled-ms': Math.round(receipt.settledInMilliseconds * 10) / 10,
    }),
  };
}
