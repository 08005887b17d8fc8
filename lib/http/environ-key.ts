/**
 * The name of a header field in an environ: `X-Real-Ip` -> `HTTP_X_REAL_IP` (RFC 3875, section 4.1.18).
 * @returns '' for a name with `_`, which has none: it could not be told from the same name with `-`
 */
export function environKey(name: string): string {
  if (name.includes('_')) return ''
  const key = name.toUpperCase().replaceAll('-', '_')
  return key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH' ? key : `HTTP_${key}`
}
