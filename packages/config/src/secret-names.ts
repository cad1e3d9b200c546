const SECRET_NAME =
  /(?:^|_)(?:pass|passwd|passwords?|passphrase|secrets?|shared_key|(?:auth|access|api|bearer)_?(?:key|token)|(?:access|secret|sec|api)_?keys?(?:_id)?|tokens?|credentials?|authorization)$/i;

/**
 * Whether a parameter's name says that it holds a secret, wherever it stands. It is what masks the
 * sections that no definition has read, such as those of a plugin that is not installed, and text
 * that cannot be parsed.
 */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * Whether the value of a parameter is a hash with a secret in it, such as
 * `headers {"Authorization":"Bearer …"}` or `headers Authorization:Bearer …`.
 */
export function holdsSecret(name: string, value: string): boolean {
  if (!/^\s*\{/.test(value) && !/headers?(?:_|$)/i.test(name)) return false;
  for (const [, key] of value.matchAll(/(?:^|[{,])\s*"?([\w-]{1,256})"?\s*:/g)) {
    if (isSecretName(key.replaceAll('-', '_'))) return true;
  }
  return false;
}
