import { parseSecret } from '../crypto/secret-text.ts';
import type { ConfirmCaller } from '../database/unit-of-work.ts';
import type { CredentialKind } from '../identity/principal.ts';
import type { CredentialRuntime, CredentialType, PresentedSignature } from './credential-type.ts';
import type { PresentedCredential } from './presented-credential.ts';

/** The credential types of this service, and how to find one by its kind, a row or a text. */
export class CredentialTypes {
  readonly all: readonly CredentialType[];
  readonly #byKind: ReadonlyMap<CredentialKind, CredentialType>;

  /** @throws Error if two types have the same kind, or if a type could be accepted without the check of its signature */
  constructor(types: readonly CredentialType[]) {
    this.all = types;
    this.#byKind = new Map(types.map((type) => [type.kind, type]));
    if (this.#byKind.size < types.length) throw new Error('Two credential types have the same kind.');
    for (const { kind, carriers, signatureOf } of types) {
      const isSigned = carriers.length === 1 && carriers[0] === 'signature';
      if (isSigned ? !signatureOf : signatureOf || carriers.includes('signature'))
        throw new Error(
          `The kind ${kind} must have \`signatureOf\` and the carrier \`signature\` alone, or neither of them.`,
        );
    }
  }

  /** @throws Error for a kind that no feature declares */
  of(kind: CredentialKind): CredentialType {
    const type = this.#byKind.get(kind);
    if (!type) throw new Error(`There is no credential type of the kind ${kind}.`);
    return type;
  }

  /** The type of a row. @throws Error if it is not the row of a credential */
  ofRow(row: object): CredentialType {
    const type = this.all.find(({ entity }) => row instanceof entity);
    if (!type) throw new Error(`${row.constructor.name} is not the row of a credential.`);
    return type;
  }

  /** The type whose form a presented text has; null if no type with this form may be presented in this place. */
  ofPresented({ carrier, text }: PresentedCredential): CredentialType | null {
    return this.all.find((type) => type.carriers.includes(carrier) && type.isWellFormed(text)) ?? null;
  }

  /** The type of which a presented text without our form may be an imported secret; null if there is none. */
  ofImported({ carrier, text }: PresentedCredential): CredentialType | null {
    if (this.isOurs(text)) return null;
    return this.all.find((type) => type.carriers.includes(carrier) && type.imported?.isPossible(text)) ?? null;
  }

  /**
   * The signature of ours in the headers of a request; null if there is none.
   *
   * @throws AccessError `UNAUTHENTICATED` if there is one that is incomplete or malformed
   */
  signatureOf(rawHeaders: readonly string[], runtime: CredentialRuntime): PresentedSignature | null {
    for (const type of this.all) {
      const signature = type.signatureOf?.(rawHeaders, runtime) ?? null;
      if (signature !== null) return signature;
    }
    return null;
  }

  /** The kind that a text resembles, well-formed or not; `unknown` if it resembles none. */
  kindOf(text: string): CredentialKind {
    return this.all.find(({ beginning }) => text.startsWith(beginning))?.kind ?? 'unknown';
  }

  /** Confirms the credential of a caller, and the signing key if one has signed its request. */
  readonly confirm: ConfirmCaller = async (em, caller, changing) => {
    const { kind, signedBy } = caller;
    if (!(await this.of(kind).confirm(em, caller, changing))) return false;
    return signedBy === undefined || this.of(signedBy.kind).confirm(em, signedBy, changing);
  };

  /** Whether a text has the form of a secret or credential that this service issues. It need not be valid. */
  readonly isOurs = (text: string): boolean =>
    parseSecret(text) !== null || this.all.some((type) => !type.signatureOf && type.isWellFormed(text));
}
