/**
 * Passwords of operators. They are typed on other machines than those where cim is, over links that
 * offer browsers no cryptography: so what is kept is stretched by who keeps it. scrypt, at OWASP's
 * figures (Password Storage Cheat Sheet, 2024).
 */
import { randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { CimError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { equalSecrets } from '../base/secrets/secret.ts';
import { normalForm } from '../base/text/normal-form.ts';

const stretching: ScryptOptions = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const keyBytes = 32;
/** The number says which figures it was stretched with. */
const hashPattern = /^scrypt1\.([\w-]{22})\.([\w-]{43})$/;
const namePattern = new RegExp(`^[a-z0-9][a-z0-9._@-]{0,${limits.operatorNameCharactersMax - 1}}$`);

/** In place of one of nobody: whether a name is known is not told by the time that it takes. */
const nobodysHash = `scrypt1.${'A'.repeat(22)}.${'A'.repeat(43)}`;

/** Throws `invalid-argument`. */
export function assertOperatorName(name: string): void {
  if (namePattern.test(name)) return;
  throw new CimError(
    'invalid-argument',
    `name: may have ${limits.operatorNameCharactersMax} small letters, digits and . _ @ -, the first a letter or digit`,
  );
}

/** Throws `invalid-argument`. */
export function assertPasswordHash(hash: string): void {
  if (!hashPattern.test(hash)) throw new CimError('invalid-argument', 'hash: is none');
}

/** With 144 random bits, for whoever has a password manager. */
export function drawOperatorPassword(): string {
  return randomBytes(18).toString('base64url');
}

/** Throws `invalid-argument` for one that is too short. */
export async function hashOperatorPassword(password: string): Promise<string> {
  const form = formOf(password);
  if ([...form].length < limits.operatorPasswordCharactersMin)
    throw new CimError(
      'invalid-argument',
      `a password of an operator has ${limits.operatorPasswordCharactersMin} characters or more`,
    );
  const salt = randomBytes(16).toString('base64url');
  return `scrypt1.${salt}.${await stretch(form, salt)}`;
}

/** Undefined `hash`: nobody's. It takes as long. */
export async function isOperatorPassword(
  password: string,
  hash: string | undefined,
): Promise<boolean> {
  const [, salt = '', key = ''] = hashPattern.exec(hash ?? nobodysHash) ?? [];
  const isEqual = equalSecrets(await stretch(formOf(password), salt), key);
  return isEqual && hash !== undefined;
}

/** However it was typed. */
function formOf(password: string): string {
  return normalForm('password', password, limits.secretCharactersMax);
}

function stretch(password: string, salt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, stretching, (error, key) => {
      if (error) reject(error);
      else resolve(key.toString('base64url'));
    });
  });
}
