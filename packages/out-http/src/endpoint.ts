/** Whether a text has placeholders. */
export function isTemplate(text: string): boolean {
  return text.includes('${');
}

const url =
  /^(https?):\/\/(?:[^/?#@]*@)?((?:\$\{[^}]*\}|[^/?#:$\\]|\$(?!\{))+)(?::([^/?#]*))?(?=[/?#]|$)/i;

/** The host of an endpoint, placeholders and all; undefined where it is not a URL of HTTP. */
export function hostOf(endpoint: string): string | undefined {
  const match = url.exec(endpoint);
  if (match === null) return undefined;
  return URL.canParse(endpoint.replace(/\$\{[^}]*\}/g, '1')) ? match[2] : undefined;
}
