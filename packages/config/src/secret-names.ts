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
