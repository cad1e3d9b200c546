/** A name in code as files have it: `lingerTimeout` is `linger_timeout`. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
